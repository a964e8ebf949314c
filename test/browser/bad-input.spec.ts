/** A page passes wrong arguments to calls: the SDK never throws, never rejects, and the counts add up. */
import type { Page } from 'playwright';
import type { Receipt } from '../../src/index.ts';
import { expect, stats, test, told } from '../support/site/fixtures.ts';
import { addsUp } from '../support/page/in-page.ts';

type Loose = Record<string, (...args: readonly unknown[]) => Promise<Receipt>>;

/** Runs in the page: calls that no type allows. Answers the receipts. */
async function attempt(
  page: Page,
  calls: (sdk: Loose) => readonly Promise<Receipt>[],
): Promise<readonly Receipt[]> {
  const sdk = await page.evaluateHandle(() => window.analytics as unknown as Loose);
  const made = await page.evaluateHandle(calls, sdk);
  return page.evaluate((all) => Promise.all(all), made);
}

const states = (receipts: readonly Receipt[]): readonly unknown[] =>
  receipts.map(({ state, reason }) => (reason ? `${state}: ${reason}` : state));

test('calls without what they need are discarded as invalid, and told', async ({ open, page, standIn }) => {
  await open();
  const receipts = await attempt(page, (sdk) => [
    sdk['track']?.() as Promise<Receipt>,
    sdk['track']?.(undefined, { a: 1 }) as Promise<Receipt>,
    sdk['track']?.(null) as Promise<Receipt>,
    sdk['track']?.(42) as Promise<Receipt>,
    sdk['track']?.({}) as Promise<Receipt>,
    sdk['track']?.([]) as Promise<Receipt>,
    sdk['track']?.('') as Promise<Receipt>,
    sdk['track']?.(Symbol('name')) as Promise<Receipt>,
    sdk['track']?.(() => 'name') as Promise<Receipt>,
  ]);
  expect(new Set(states(receipts))).toEqual(new Set(['discarded: invalid']));
  expect(await stats(page)).toMatchObject({ tracked: 9, delivered: 0, pending: 0, dropped: { invalid: 9 } });
  expect(await told(page, 'dropped')).toHaveLength(9);
  expect(new Set(receipts.map(({ id }) => id)).size).toBe(9);
  expect(await standIn.names()).toEqual([]);
});

test('properties that JSON cannot hold arrive as far as they can be read', async ({
  open,
  page,
  standIn,
}) => {
  await open();
  const receipts = await attempt(page, (sdk) => {
    const circular: Record<string, unknown> = { a: 1 };
    circular['self'] = circular;
    let deep: Record<string, unknown> = {};
    for (let i = 0; i < 10_000; i++) deep = { deep };
    const throwing = {
      fine: 1,
      get bad(): never {
        throw new Error('of the page');
      },
    };
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const given: Readonly<Record<string, unknown>> = {
      Circular: circular,
      Deep: deep,
      BigInt: { n: 12345678901234567890n },
      Element: { node: document.body, list: document.querySelectorAll('h1') },
      Functions: { f: () => 1, s: Symbol('s'), nested: [() => 1] },
      Getter: throwing,
      Revoked: { revoked: revoked.proxy },
      Dates: { valid: new Date(0), invalid: new Date(Number.NaN) },
      Maps: { map: new Map([[1, 2]]), set: new Set([1]), bytes: new Uint8Array(3) },
      Window: { window },
      Event: new MouseEvent('click'),
      Errors: { error: new Error('of the page') },
      Numbers: { nan: Number.NaN, infinite: Infinity, minus: -0 },
      Surrogate: { lone: '\ud800', zero: '\u0000' },
      toJSON: {
        toJSON() {
          throw new Error('of the page');
        },
      },
      Prototype: JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}'),
      Array: [1, 2, 3],
      Text: 'text',
      Number: 5,
      Promise: { promise: Promise.resolve(1) },
    };
    return Object.entries(given).map(
      ([name, properties]) => sdk['track']?.(name, properties) as Promise<Receipt>,
    );
  });
  for (const state of states(receipts)) expect(state).toMatch(/^(stored|discarded: (invalid|too-large))$/);
  const stored = receipts.filter(({ state }) => state === 'stored').length;
  await expect.poll(async () => (await standIn.names()).length).toBe(stored);
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 20, delivered: stored, pending: 0 });
  expect(addsUp(await stats(page))).toBe(true);

  const arrived = Object.fromEntries(
    (await standIn.events()).map((event) => [event.event, event.properties]),
  );
  expect(arrived['Circular']).toEqual({ a: 1, self: '[Circular]' });
  expect(arrived['BigInt']).toEqual({ n: '12345678901234567890' });
  expect(arrived['Getter']).toEqual({ fine: 1, bad: '[Unreadable]' });
  expect(arrived['Functions']).toEqual({ nested: [null] });
  expect(arrived['Element']).toMatchObject({ node: '[Element BODY]' });
  expect(arrived['Dates']).toEqual({ valid: '1970-01-01T00:00:00.000Z', invalid: null });
  expect(await page.evaluate(() => 'polluted' in {})).toBe(false);
});

test('33 KB of properties: dropped as too large, the next event arrives', async ({ open, page, standIn }) => {
  await open();
  const receipts = await attempt(page, (sdk) => [
    sdk['track']?.('Large', { text: 'x'.repeat(33_000) }) as Promise<Receipt>,
    sdk['track']?.('Many bytes', { text: '€'.repeat(11_000) }) as Promise<Receipt>,
    sdk['track']?.('Nearly', { text: 'x'.repeat(30_000) }) as Promise<Receipt>,
    sdk['track']?.('Small') as Promise<Receipt>,
  ]);
  expect(states(receipts)).toEqual(['discarded: too-large', 'discarded: too-large', 'stored', 'stored']);
  await expect.poll(() => standIn.names()).toEqual(['Nearly', 'Small']);
  await expect
    .poll(() => stats(page))
    .toMatchObject({ tracked: 4, delivered: 2, pending: 0, dropped: { 'too-large': 2 } });
});

test('odd arguments to every method: the page is unharmed, and what follows arrives', async ({
  open,
  page,
  standIn,
}) => {
  await open();
  await page.evaluate(async () => {
    const sdk = window.analytics as unknown as Record<string, (...args: readonly unknown[]) => unknown>;
    const odd = [
      undefined,
      null,
      0,
      Number.NaN,
      '',
      'text',
      true,
      [],
      {},
      () => {},
      Symbol('s'),
      1n,
      new Date(Number.NaN),
      document,
    ];
    const methods = ['track', 'page', 'screen', 'identify', 'group', 'alias', 'setAnonymousId'];
    // In the page, so that a throw of any of them fails this test.
    const answers: unknown[] = [];
    for (const method of methods) {
      for (const one of odd) {
        answers.push(sdk[method]?.(one));
        for (const other of odd) answers.push(sdk[method]?.(one, other, other, other));
      }
    }
    await Promise.all(answers);
    window.analytics.anonymize();
    for (const method of ['register', 'deregister', 'ready', 'flush', 'on']) {
      for (const one of odd) {
        if (one === undefined && method === 'flush') continue;
        try {
          await sdk[method]?.(one, one);
        } catch {
          // Counted below where it matters: these are no calls that make events.
        }
      }
    }
  });
  expect(addsUp(await stats(page))).toBe(true);
  const receipt = await page.evaluate(() => window.analytics.track('After all that', { fine: true }));
  expect(receipt.state).toBe('stored');
  await expect.poll(() => standIn.names(), { timeout: 20_000 }).toContain('After all that');
  await expect.poll(() => stats(page), { timeout: 20_000 }).toMatchObject({ pending: 0 });
});

test('strange options of a call: time, context, integrations', async ({ open, page, standIn }) => {
  await open();
  const receipts = await attempt(page, (sdk) =>
    [
      { timestamp: 'not a time' },
      { timestamp: new Date(Number.NaN) },
      { timestamp: 12 },
      { context: 'text' },
      { context: null },
      { context: { page: 'text' } },
      { context: { page: null } },
      { integrations: 'text' },
      { userId: {} },
      null,
      'text',
    ].map((options, i) => sdk['track']?.(`Event ${i + 1}`, { i }, options) as Promise<Receipt>),
  );
  expect(new Set(states(receipts))).toEqual(new Set(['stored']));
  // What Customer.io would refuse is told; the rest of the batch arrives.
  await expect.poll(() => stats(page)).toMatchObject({ tracked: 11, pending: 0 });
  const { delivered, dropped } = await stats(page);
  expect(delivered + dropped.rejected).toBe(11);
  expect((await standIn.names()).length).toBe(delivered);
  const refused = (await told(page, 'dropped')).map(({ id }) => id);
  for (const id of refused) expect([receipts[0]?.id, receipts[8]?.id]).toContain(id);
});

test('an anonymous id that is no text does no harm to later events', async ({ open, page, standIn }) => {
  await open();
  await page.evaluate(async () => {
    const { analytics } = window;
    await analytics.track('With a number', {}, { anonymousId: 5 as never });
    await analytics.track('Later');
    analytics.setAnonymousId({} as never);
    await analytics.track('Last');
  });
  await expect.poll(() => standIn.account(['Later', 'Last'])).toMatchObject({ delivered: 2 });
  for (const { anonymousId } of await standIn.events()) expect(typeof anonymousId).toBe('string');
});
