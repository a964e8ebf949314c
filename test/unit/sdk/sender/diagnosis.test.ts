// @vitest-environment node
/**
 * Whether a response that is no delivery is about the events or about the endpoint, which is tested with an
 * empty batch.
 */
import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../../src/sdk/sender/outcome.ts';
import { settled } from '../../../fakes/clock.ts';
import { events } from '../../../fakes/events.ts';
import {
  busy,
  CUT_OFF,
  DELIVERED,
  REDIRECT,
  rejected,
  type SentRequest,
  webPage,
} from '../../../fakes/transport.ts';
import { type Bench, bench, ENDPOINT, HOUR_MS, MINUTE_MS } from './setup.ts';

const codes = ({ errors }: Bench): readonly string[] => errors.map(({ code }) => code);
const delays = ({ told }: Bench): readonly number[] =>
  told.flatMap(({ name, payload }) => (name === 'retrying' ? [payload.delayMs] : []));

describe.each([400, 403, 404, 405, 410, 413, 422])('an address that answers %i to everything', (status) => {
  test('keeps all events, is told once, and is asked seldom', async () => {
    const page = bench();
    page.transport.respond(rejected(status, '<!DOCTYPE html>\n<title>Not here</title>'));
    await page.track(events('e', 21));
    await page.clock.advance(HOUR_MS);
    expect(page.dropped()).toEqual({});
    expect(page.ledger()).toMatchObject({ pending: 21, dropped: {} });
    expect(codes(page)).toEqual(['endpoint-refuses']);
    expect(page.transport.sent.length).toBeLessThanOrEqual(30);
  });

  test('delivers all of them when it takes batches again, in order', async () => {
    const page = bench();
    page.transport.respond(rejected(status));
    await page.track(events('e', 301));
    await page.clock.advance(3_000);
    const before = page.transport.sent.length;
    expect(before).toBeLessThan(12);
    page.transport.respond(DELIVERED);
    await page.clock.advance(10_000);
    expect(page.delivered()).toEqual(events('e', 301).map(({ id }) => id));
    expect(page.dropped()).toEqual({});
  });
});

test('the message says the URL, the status, the first line of what came, and what to do', async () => {
  const page = bench();
  page.transport.respond(rejected(403, `\n<html>\n${'x'.repeat(1_000)}`));
  await page.track(events('e', 1));
  await page.clock.advance(MINUTE_MS);
  const message = page.errors[0]?.message ?? '';
  expect(message).toContain(ENDPOINT.url);
  expect(message).toContain('403: <html>.');
  expect(message).toMatch(/reached the proxy: route POST requests/);
  expect(message.length).toBeLessThan(300);
});

test('the message does not repeat the client key', async () => {
  const page = bench();
  page.transport.respond(rejected(403, `no access for ${ENDPOINT.secret}`));
  await page.track(events('e', 1));
  await page.clock.advance(MINUTE_MS);
  expect(page.errors).toHaveLength(1);
  expect(page.errors[0]?.message).not.toContain(ENDPOINT.secret);
});

describe('a web page with 200, as a single-page application or a service worker answers everything', () => {
  test('is no delivery: all events are kept, it is told once, and asked seldom', async () => {
    const page = bench();
    page.transport.respond(webPage());
    await page.track(events('e', 5));
    await page.clock.advance(HOUR_MS);
    expect(page.ledger()).toMatchObject({ delivered: 0, pending: 5 });
    expect(codes(page)).toEqual(['not-a-proxy']);
    expect(page.errors[0]?.message).toContain('<!DOCTYPE html>');
    expect(page.transport.sent.length).toBeLessThanOrEqual(30);
  });

  test('is over when the proxy answers', async () => {
    const page = bench();
    page.transport.respond(webPage());
    await page.track(events('e', 5));
    await page.clock.advance(MINUTE_MS);
    page.transport.respond(DELIVERED);
    await page.clock.advance(MINUTE_MS);
    expect(page.delivered()).toHaveLength(5);
  });

  test('to an empty batch says the same of a refusal', async () => {
    const page = bench();
    page.transport.respond(({ ids }): Outcome => (ids.length ? rejected(404) : webPage()));
    await page.track(events('e', 5));
    await page.clock.advance(MINUTE_MS);
    expect(page.ledger()).toMatchObject({ pending: 5, dropped: {} });
    expect(codes(page)).toEqual(['not-a-proxy']);
  });
});

test.each([0, 1])(
  'a copy of two that has not got the route yet loses nothing, whichever is first: %i',
  async (first) => {
    const page = bench();
    let count = first;
    // The load balancer alternates between the two copies.
    page.transport.respond((): Outcome => ((count += 1) % 2 ? rejected(404) : DELIVERED));
    await page.track(events('e', 40));
    await page.clock.advance(HOUR_MS);
    expect(page.dropped()).toEqual({});
    // With one event left, each request may reach the copy without the route, because no other requests
    // change the turn.
    expect(page.ledger().pending).toBeLessThanOrEqual(1);
    expect(page.ledger().delivered + page.ledger().pending).toBe(40);
  },
);

test('what the endpoint says to the empty batch decides how long it is waited for', async () => {
  const page = bench();
  page.transport.respond(({ ids }): Outcome => (ids.length ? rejected(404) : busy(503, 60_000)));
  await page.track(events('e', 5));
  await page.clock.advance(30_000);
  expect(delays(page)).toEqual([60_000]);
  expect(codes(page)).toEqual([]);
  expect(page.dropped()).toEqual({});
});

test('a proxy that asks to be left alone while one event is looked at is left alone', async () => {
  const page = bench();
  let asked = 0;
  page.transport.respond(({ ids }): Outcome => {
    if (ids.length) return rejected(400);
    // The SDK tests the endpoint once before the first refusal counts, and twice before the second refusal
    // drops the event.
    return (asked += 1) === 3 ? busy(503, 60_000) : DELIVERED;
  });
  await page.track(events('e', 1));
  await page.clock.advance(59_000);
  expect(asked).toBe(3);
  expect(page.dropped()).toEqual({});
  await page.clock.advance(HOUR_MS);
  expect(page.dropped()).toEqual({ e1: 'rejected' });
});

test('a wrong key, said to the empty batch, is told as such', async () => {
  const page = bench();
  page.transport.respond(({ ids }): Outcome =>
    ids.length ? rejected(404) : { kind: 'unauthorized', status: 401, body: '' },
  );
  await page.track(events('e', 5));
  await page.clock.advance(MINUTE_MS);
  expect(page.unauthorized()).toBeGreaterThan(0);
  expect(page.dropped()).toEqual({});
});

test('silence to the empty batch is an outage', async () => {
  const page = bench();
  page.transport.respond(({ ids }): Outcome => (ids.length ? rejected(404) : CUT_OFF));
  await page.track(events('e', 5));
  await page.clock.advance(MINUTE_MS);
  page.transport.respond(DELIVERED);
  await page.clock.advance(MINUTE_MS);
  expect(page.delivered()).toHaveLength(5);
});

test('a page that leaves while the address takes nothing sends nothing', async () => {
  const page = bench();
  page.transport.respond(rejected(404));
  await page.track(events('e', 5));
  await page.clock.advance(MINUTE_MS);
  const before = page.transport.sent.length;
  page.sender.leaving([]);
  await settled();
  expect(page.transport.sent).toHaveLength(before);
});

describe('where the file that finds this out cannot be loaded', () => {
  test('everything is kept all the same, and it is told once', async () => {
    const page = bench({ hasNoDiagnosis: true });
    page.transport.respond(rejected(404));
    await page.track(events('e', 5));
    await page.clock.advance(HOUR_MS);
    expect(page.ledger()).toMatchObject({ pending: 5, dropped: {} });
    expect(codes(page)).toEqual(['endpoint-refuses']);
    page.transport.respond(DELIVERED);
    await page.clock.advance(6 * MINUTE_MS);
    expect(page.delivered()).toHaveLength(5);
  });
});

test('a browser that was offline for long finds out, too, that the proxy hangs up on one event', async () => {
  const page = bench();
  page.transport.respond(({ ids }) => (ids.includes('e3') ? CUT_OFF : DELIVERED));
  page.lifecycle.setOnline(false);
  await page.track(events('e', 5));
  await page.clock.advance(MINUTE_MS);
  expect(page.transport.sent.length).toBeGreaterThan(3);
  // The browser is online again without an `online` event.
  page.lifecycle.setOnline(true);
  await page.clock.advance(2 * HOUR_MS);
  expect([...page.delivered()].sort()).toEqual(['e1', 'e2', 'e4', 'e5']);
  expect(page.dropped()).toEqual({ e3: 'rejected' });
});

describe('a redirect', () => {
  const moved = `${ENDPOINT.url}/`;
  const leadingTo =
    (url: string | undefined) =>
    ({ follow }: SentRequest): Outcome =>
      follow ? (url === undefined ? CUT_OFF : { kind: 'delivered', url }) : REDIRECT;

  test('to a place of the same origin that takes batches is followed, once for the page', async () => {
    const page = bench();
    page.transport.respond((request): Outcome => {
      if (page.transport.target === moved) return DELIVERED;
      return leadingTo(moved)(request);
    });
    await page.track(events('e', 3));
    await page.clock.advance(2_000);
    expect(page.delivered()).toEqual(['e1', 'e2', 'e3']);
    expect(page.transport.sent.filter(({ follow }) => follow)).toHaveLength(1);
    await page.track(events('f', 3));
    await page.clock.advance(2_000);
    expect(page.delivered()).toHaveLength(6);
    expect(page.transport.sent.filter(({ follow }) => follow)).toHaveLength(1);
    expect(codes(page)).toEqual([]);
  });

  test.each([
    ['another origin', 'https://elsewhere.example.com/v1/batch', 'https://elsewhere.example.com/v1/batch'],
    ['a place that the browser does not tell', undefined, 'another origin'],
  ])('to %s is not, and the message names it', async (_, url, named) => {
    const page = bench();
    page.transport.respond(leadingTo(url));
    await page.track(events('e', 3));
    await page.clock.advance(HOUR_MS);
    expect(page.transport.target).toBeUndefined();
    expect(page.ledger()).toMatchObject({ delivered: 0, pending: 3 });
    expect(codes(page)).toEqual(['endpoint-refuses']);
    expect(page.errors[0]?.message).toContain(`redirects to ${named}`);
  });

  test('whose end refuses an empty batch, as it does where the POST has become a GET, is not', async () => {
    const page = bench();
    page.transport.respond(({ follow }): Outcome =>
      follow ? { kind: 'rejected', status: 405, body: '', url: `${moved}?q=1` } : REDIRECT,
    );
    await page.track(events('e', 3));
    await page.clock.advance(HOUR_MS);
    expect(page.transport.target).toBeUndefined();
    expect(page.ledger()).toMatchObject({ delivered: 0, pending: 3 });
    expect(page.errors[0]?.message).toContain(`redirects to ${moved},`);
  });

  test('in a circle ends in waiting', async () => {
    const page = bench();
    page.transport.respond(leadingTo(moved));
    await page.track(events('e', 3));
    await page.clock.advance(HOUR_MS);
    expect(page.ledger()).toMatchObject({ delivered: 0, pending: 3 });
    expect(page.transport.sent.length).toBeLessThan(70);
  });

  test('that ends later leads back to the first address', async () => {
    const page = bench();
    let isMoved = true;
    page.transport.respond((request): Outcome => {
      if (isMoved) return page.transport.target === moved ? DELIVERED : leadingTo(moved)(request);
      return page.transport.target === moved ? rejected(404) : DELIVERED;
    });
    await page.track(events('e', 3));
    await page.clock.advance(2_000);
    isMoved = false;
    await page.track(events('f', 3));
    await page.clock.advance(MINUTE_MS);
    expect(page.delivered()).toHaveLength(6);
  });
});
