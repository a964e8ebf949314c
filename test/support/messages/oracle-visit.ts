/** A visit of one browser to a site with one of the two SDKs, and the record of what came of it. */
import { setTimeout as delay } from 'node:timers/promises';
import type { BrowserContext, Frame, Page, Request } from 'playwright';
import { expect } from 'playwright/test';
import type { InAppRoute } from '../../../demo/pipelines/in-app/routes.ts';
import type { StandIn } from '../site/stand-in.ts';
import {
  factOfEvent,
  factOfPage,
  factOfService,
  type StepFacts,
  type ToldMessage,
  without,
} from './oracle-facts.ts';

export interface Visit {
  readonly page: Page;
  readonly standIn: StandIn;
  /** Loads a page of the site, and waits for its SDK. */
  open(path: string): Promise<void>;
  identify(userId: string): Promise<void>;
  /** Calls `page(name)`. */
  view(name?: string): Promise<void>;
  /** Clicks the button with this name in the message. */
  tap(queueId: string, name: string): Promise<void>;
  /** Waits until the page has been told so, once more in this step. */
  told(type: string, queueId: string): Promise<void>;
  /** Waits until the in-app service has answered a request of this kind. */
  asked(route: InAppRoute): Promise<void>;
  /** Waits until an event with this text in its fact has arrived. */
  sent(text: string): Promise<void>;
  /** Moves the time of the page forward. */
  pass(ms: number): Promise<void>;
}

/** One step: its name, and what the visitor or the site does. */
export type Step = readonly [name: string, run: (visit: Visit) => Promise<unknown>];

/** What a page has on `window`. */
interface OracleSdk {
  identify(userId: string): void;
  page(name?: string): void;
  /** The number of events that have not arrived. Customer.io's own SDK does not tell it. */
  pending?(): number;
}
type OracleWindow = Window & { readonly oracle: Promise<OracleSdk> };

/** A step is over when nothing is under way and nothing has happened for so long: the absence of an event has no other sign. */
const QUIET_MS = 400;
const LOOK_EVERY_MS = 50;
const LONGEST_STEP_MS = 20_000;

export interface VisitOptions {
  readonly context: BrowserContext;
  readonly origin: string;
  readonly standIn: StandIn;
  /** Whether messages are also shown to visitors who are not identified. */
  readonly anonymous: boolean;
}

/** Runs the steps in a new page of the context. Returns what each of them has led to. */
export async function runSteps(steps: readonly Step[], options: VisitOptions): Promise<readonly StepFacts[]> {
  const { context, origin, standIn, anonymous } = options;
  const toldFacts: string[] = [];
  const underWay = new Set<Request>();
  let atStart = 0;
  await context.exposeBinding('tell', (_source, told: ToldMessage) => void toldFacts.push(factOfPage(told)));
  await context.addInitScript((given) => Object.assign(window, { oracleOptions: given }), { anonymous });
  const page = await context.newPage();
  await page.clock.install();
  page.on('request', (request) => void underWay.add(request));
  const ended = (request: Request): void => void underWay.delete(request);
  page.on('requestfinished', ended);
  page.on('requestfailed', ended);

  page.on('dialog', (dialog) => {
    toldFacts.push(`page: dialog ${dialog.message()}`);
    void dialog.dismiss();
  });

  const ready = (): Promise<unknown> =>
    page.waitForFunction(async () => Boolean(await (window as unknown as OracleWindow).oracle));

  const visit: Visit = {
    page,
    standIn,
    async open(path) {
      await page.goto(origin + path);
      await ready();
    },
    identify: (userId) =>
      page.evaluate(async (id) => (await (window as unknown as OracleWindow).oracle).identify(id), userId),
    view: (name) =>
      page.evaluate(async (given) => (await (window as unknown as OracleWindow).oracle).page(given), name),
    async tap(queueId, name) {
      const frame = await frameOf(page, queueId);
      await frame.locator(`[data-name="${name}"]`).click();
    },
    async told(type, queueId) {
      const wanted = `page: ${type} gist-html-${queueId}`;
      const isTold = (): boolean =>
        toldFacts.slice(atStart).some((fact) => `${fact} `.startsWith(`${wanted} `));
      await expect.poll(isTold, { message: wanted }).toBe(true);
    },
    async asked(route) {
      const isAnswered = async (): Promise<boolean> =>
        (await standIn.messageRequests(route)).some((each) => each.outcome !== 'pending');
      await expect.poll(isAnswered, { message: route }).toBe(true);
    },
    async sent(text) {
      const isSent = async (): Promise<boolean> =>
        (await standIn.events()).some((event) => factOfEvent(event)?.includes(text));
      await expect.poll(isSent, { message: text }).toBe(true);
    },
    pass: (ms) => page.clock.fastForward(ms),
  };

  /** Everything since the start, in the order in which the two sides tell it. */
  async function allFacts(): Promise<readonly string[]> {
    const requests = await standIn.messageRequests();
    const events = new Map((await standIn.events()).map((event) => [event.messageId, event]));
    return [
      ...toldFacts,
      ...requests.flatMap((request) => factOfService(request) ?? []),
      // Customer.io counts an event that arrives again, with the same id, once.
      ...[...events.values()].flatMap((event) => factOfEvent(event) ?? []),
    ];
  }

  const pending = (): Promise<number> =>
    page.evaluate(async () => (await (window as unknown as OracleWindow).oracle).pending?.() ?? 0);

  async function quiet(): Promise<readonly string[]> {
    const endMs = Date.now() + LONGEST_STEP_MS;
    let facts: readonly string[] = [];
    for (let quietMs = 0; quietMs < QUIET_MS; quietMs += LOOK_EVERY_MS) {
      await delay(LOOK_EVERY_MS);
      const now = await allFacts();
      const waits = underWay.size + (await pending());
      if (waits > 0 || now.length !== facts.length) quietMs = 0;
      facts = now;
      if (Date.now() > endMs) throw new Error(`${waits} requests or events are still under way`);
    }
    return facts;
  }

  const results: StepFacts[] = [];
  let known: readonly string[] = [];
  for (const [step, run] of steps) {
    const path = new URL(page.url()).pathname;
    atStart = toldFacts.length;
    await run(visit);
    await ready();
    const facts = await quiet();
    const after = new URL(page.url()).pathname;
    const moved = after === path ? [] : [`page: at ${after}`];
    results.push({ step, facts: [...without(facts, known), ...moved].sort() });
    known = facts;
  }
  return results;
}

/** Returns the frame that shows the message. */
async function frameOf(page: Page, queueId: string): Promise<Frame> {
  let found: Frame | undefined;
  await expect
    .poll(async () => {
      for (const frame of page.frames().slice(1)) {
        // A frame that is removed meanwhile shows no message.
        const count = await frame
          .locator(`[data-message="${queueId}"]`)
          .count()
          .catch(() => 0);
        if (count > 0) found = frame;
      }
      return found !== undefined;
    })
    .toBe(true);
  if (!found) throw new Error(queueId);
  return found;
}
