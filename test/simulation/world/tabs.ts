import type { NetworkCondition } from './network-conditions.ts';
import type { Tab, World } from './world.ts';

/** The ways in which browsers treat pages. */

export function changeNetworkCondition(world: World, next: NetworkCondition): void {
  const { network } = world.origin;
  world.note(`the network: ${next}`);
  const wasDown = network.condition() === 'down';
  network.become(next);
  for (const tab of world.tabs) {
    tab.lifecycle.setOnline(next !== 'down');
    if (wasDown && next !== 'down') world.happen(tab, 'online');
  }
}

export async function cache(world: World, tab: Tab): Promise<void> {
  const { locks, air, network, disk } = world.origin;
  world.leave(tab);
  // A lock that was being granted while the page left is released when it arrives.
  await world.clock.advance(5);
  if (locks?.heldBy(tab.page.name).length || air?.openBy(tab.page))
    throw new Error(`${tab.page.name} holds a lock or a channel, and cannot enter the back/forward cache`);
  world.suspend(tab, 'cached');
  network.cut(tab.page);
  disk.interrupt(tab.page);
}

export function restore(world: World, tab: Tab): void {
  for (const call of tab.calls) call.cameBack = true;
  if (tab.state !== 'cached') return;
  world.departed.delete(tab.page.name);
  awake(world, tab);
  for (const moment of ['return', 'show'] as const) world.happen(tab, moment);
}

export function hide(world: World, tab: Tab): void {
  tab.disturbed ??= 'hidden';
  world.happen(tab, 'hide');
}

export function awake(world: World, tab: Tab): void {
  const { state } = tab;
  tab.page.resume();
  tab.state = 'open';
  if (state === 'frozen') world.happen(tab, 'resume');
}
