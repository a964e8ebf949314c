import { settled } from '../../fakes/clock.ts';
import { checkEvents } from './check-events.ts';
import { checkRequests } from './check-requests.ts';
import { SCOPE } from './plan.ts';
import { awake, changeNetworkCondition } from './tabs.ts';
import { headIn } from './watch-disk.ts';
import type { Tab, World } from './world.ts';

const HOUR = 3_600_000;
/** The most open IndexedDB connections of one page: the SDK must close a handle that it no longer uses. */
const MOST_CONNECTIONS = 40;

/** Checks the rules that hold at every moment. */
export function checkNow(world: World): void {
  const failure = world.failure();
  if (failure) throw failure;
  for (const tab of world.tabs) if (tab.page.life() === 'running') checkBalance(tab);
  for (const { page } of world.tabs) {
    const connections = world.origin.disk.connections(page);
    if (connections > MOST_CONNECTIONS) throw new Error(`${page.name} has ${connections} connections open`);
  }
}

function checkBalance({ page, analytics }: Tab): void {
  const stats = page.ask(() => analytics.stats());
  const { tracked, delivered, pending, dropped } = stats;
  const gone = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  const isRight =
    tracked === delivered + pending + gone &&
    Math.min(tracked, delivered, pending, ...Object.values(dropped)) >= 0;
  if (!isRight) throw new Error(`${page.name} counts ${JSON.stringify(stats)}`);
}

/** Lets everything work again, and checks that every event that was promised has arrived. */
export async function checkEnd(world: World): Promise<void> {
  const { origin, plan, tabs } = world;
  world.note('the end');
  origin.disk.become('well');
  if (plan.text === 'full at times') origin.text.store.refuse('nothing');
  changeNetworkCondition(world, 'good');
  world.open();
  if (plan.withdraws) for (const { page, analytics } of tabs) page.run(() => analytics.consent.grant());
  await pass(world, 3 * HOUR);
  for (const tab of tabs) {
    if (tab.state !== 'stuck' && tab.state !== 'frozen') continue;
    world.note(`${tab.page.name} goes on`);
    awake(world, tab);
    if (plan.withdraws) tab.page.run(() => tab.analytics.consent.grant());
  }
  await pass(world, HOUR);
  for (const { page, analytics } of tabs) page.run(() => void analytics.flush());
  await pass(world, HOUR);
  checkNothingWaits(world);
  checkEvents(world);
  checkRequests(world);
  await checkNextPage(world);
  if (plan.withdraws) await checkWithdrawal(world);
  await checkClosed(world);
}

async function pass(world: World, ms: number): Promise<void> {
  await world.clock.advance(ms);
  checkNow(world);
}

function checkNothingWaits({ tabs, origin }: World): void {
  const head = headIn(origin.disk.contents(SCOPE));
  if (head && head.pending + head.bytes !== 0) throw new Error(`The disk holds ${JSON.stringify(head)}`);
  for (const { page, analytics, flushes, calls } of tabs) {
    if (page.life() !== 'running') continue;
    const { pending } = analytics.stats();
    if (pending) throw new Error(`${page.name} has ${pending} pending`);
    if (page.timers()) throw new Error(`${page.name} waits for ${page.timers()} timers, and for no event`);
    if (flushes.size) throw new Error(`${page.name} waits for ${flushes.size} flushes`);
    const unanswered = calls.filter(({ receipt }) => !receipt).map(({ n }) => n);
    if (unanswered.length) throw new Error(`${page.name} has no receipts of ${unanswered.join()}`);
  }
}

/** Checks that after all pages have left, the next page only removes their lifeboats. */
async function checkNextPage(world: World): Promise<void> {
  for (const tab of [...world.tabs]) {
    if (tab.page.life() === 'running') world.leave(tab);
    world.end(tab);
  }
  const { page, analytics } = world.open();
  page.run(() => analytics.consent.grant());
  await pass(world, HOUR);
  checkNothingWaits(world);
  const boats = [...world.origin.text.store.values.keys()].filter((key) => key.includes(':lifeboat:'));
  if (boats.length) throw new Error(`There are lifeboats: ${boats.join()}`);
}

/** Checks that after consent was withdrawn in all pages, nothing is stored and nothing is sent. */
async function checkWithdrawal(world: World): Promise<void> {
  const { tabs, origin } = world;
  world.note('consent is withdrawn');
  world.forgetStored();
  for (const tab of [...tabs]) if (tab.page.life() === 'suspended') world.end(tab);
  for (const { page, analytics } of tabs) page.run(() => analytics.consent.deny());
  await pass(world, 60_000);
  const requests = origin.network.sent.length;
  await pass(world, HOUR);
  const left = [
    ...origin.disk.databases(),
    ...[...origin.text.store.values.keys()].filter((key) => key.startsWith(SCOPE) || key.startsWith('ajs_')),
    origin.cookies.read(),
  ].filter(Boolean);
  if (left.length) throw new Error(`After withdrawal there is ${left.join()}`);
  if (origin.network.sent.length > requests) throw new Error('After withdrawal something was sent');
}

/** Checks that a page that has closed the SDK holds no lock, channel, timer or listener. */
async function checkClosed({ tabs, origin, clock }: World): Promise<void> {
  for (const { page, analytics } of tabs) page.run(() => analytics.close());
  await settled(1);
  await clock.advance(1_000);
  for (const { page, lifecycle } of tabs) {
    if (page.life() !== 'running') continue;
    const left = [page.timers(), lifecycle.listeners(), origin.air?.openBy(page) ?? 0];
    if (left.some(Boolean))
      throw new Error(`${page.name} is closed and has timers, listeners, channels: ${left.join()}`);
    const held = origin.locks?.heldBy(page.name) ?? [];
    if (held.length) throw new Error(`${page.name} is closed and holds ${held.join()}`);
  }
}
