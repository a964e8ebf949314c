// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { ANN, BOB, HOUR, MINUTE, NOBODY, SECOND } from '../auth/token-page.ts';
import { rejected } from '../../../fakes/transport.ts';
import { authorizedPage, ownEvent } from './authorized-page.ts';

const INVALID = { kind: 'unauthorized', status: 401, body: '{"error":"invalid_token"}' } as const;

describe('an event goes', () => {
  test('with the token of whom it is of; of nobody, with the client key', async () => {
    const { track, become, sent, advance, ledger } = authorizedPage();
    await track('before', 2);
    await become(ANN);
    await track('ann', 2, 'ann');
    await advance(5 * SECOND);
    expect(sent()).toEqual(['nobody: before1,before2', 'ann: ann1,ann2']);
    expect(ledger()).toMatchObject({ tracked: 4, delivered: 4, pending: 0 });
  });

  test('with those of the same person only, in their order, however many wait', async () => {
    const { track, sent, advance } = authorizedPage({ identity: ANN, maxBatchEvents: 3 });
    await track('x', 1);
    await track('a', 4, 'ann');
    await track('y', 2);
    await track('b', 1, 'ann');
    await advance(10 * SECOND);
    expect(sent()).toEqual(['nobody: x1', 'ann: a1,a2,a3', 'ann: a4', 'nobody: y1,y2', 'ann: b1']);
  });

  test('alone where it is larger than a batch', async () => {
    const { track, delivery, stop } = authorizedPage();
    stop();
    await track('x', 2);
    const chosen = await delivery.oldest({ maxEvents: 10, maxBytes: 10 });
    expect(chosen.map(({ id }) => id)).toEqual(['x1']);
  });
});

describe('an event of somebody who cannot get a token', () => {
  test('waits, holds up nobody, costs no work meanwhile, and goes when they are back', async () => {
    const { track, become, sent, advance, ledger, reads } = authorizedPage({ identity: BOB });
    await track('a', 3, 'ann');
    await track('b', 1, 'bob');
    await track('x', 1);
    await advance(5 * SECOND);
    expect(sent()).toEqual(['bob: b1', 'nobody: x1']);
    expect(ledger()).toMatchObject({ tracked: 5, delivered: 2, pending: 3 });
    const before = reads();
    await advance(30 * MINUTE);
    expect(reads()).toBe(before);
    await track('y', 1);
    await advance(5 * SECOND);
    expect(sent().at(-1)).toBe('nobody: y1');
    await become(ANN);
    await advance(5 * SECOND);
    expect(sent().at(-1)).toBe('ann: a1,a2,a3');
    expect(ledger()).toMatchObject({ tracked: 6, delivered: 6, pending: 0 });
  });

  test('expires, and is counted', async () => {
    const { track, advance, ledger, sender, token } = authorizedPage({ identity: BOB, maxAgeMs: HOUR });
    await track('a', 2, 'ann');
    token.clock.set(token.clock.now() + 2 * HOUR);
    await track('x', 1);
    await sender.flush();
    await advance(SECOND);
    expect(ledger()).toMatchObject({ tracked: 3, delivered: 1, pending: 0, dropped: { expired: 2 } });
  });

  test('waits while the provider has none, and goes when one is set', async () => {
    const { track, sent, advance, token } = authorizedPage({ identity: ANN, provider: () => null });
    await track('a', 1, 'ann');
    await track('x', 1);
    await advance(5 * SECOND);
    expect(sent()).toEqual(['nobody: x1']);
    token.tokenCache.set({ token: 'opaque-ann-0', expiresIn: 3_600 });
    await advance(5 * SECOND);
    expect(sent()).toEqual(['nobody: x1', 'ann: a1']);
  });

  test('waits where there is no provider at all', async () => {
    const { track, sent, advance, token, reads } = authorizedPage({ identity: ANN, provider: 'none' });
    await track('a', 1, 'ann');
    const before = reads();
    await advance(HOUR / 2);
    expect([sent(), reads()]).toEqual([[], before]);
    token.tokenCache.set({ token: 'opaque-ann-0', expiresIn: 3_600 });
    await advance(SECOND);
    expect(sent()).toEqual(['ann: a1']);
  });

  test('goes as soon as a provider that failed has recovered, which is asked no more often than it may be', async () => {
    let fails = true;
    const { track, sent, advance, token } = authorizedPage({
      identity: ANN,
      provider({ userId }) {
        if (fails) throw new Error('down');
        return { token: `opaque-${userId}-1`, expiresIn: 3_600 };
      },
    });
    await track('a', 1, 'ann');
    await advance(20 * MINUTE);
    expect(sent()).toEqual([]);
    expect(token.asked.length).toBeGreaterThan(2);
    expect(token.asked.length).toBeLessThan(20);
    fails = false;
    await advance(10 * MINUTE);
    expect(sent()).toEqual(['ann: a1']);
  });

  test('of a provider that answers late goes with its answer', async () => {
    let answer: (token: { token: string; expiresIn: number }) => void = () => undefined;
    const { track, sent, advance } = authorizedPage({
      identity: ANN,
      provider: () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    });
    await track('a', 1, 'ann');
    await track('x', 1);
    await advance(MINUTE / 4);
    answer({ token: 'opaque-ann-1', expiresIn: 3_600 });
    await advance(MINUTE);
    expect(new Set(sent())).toEqual(new Set(['nobody: x1', 'ann: a1']));
  });
});

describe('a proxy that answers 401 to a token', () => {
  test('gets the same events once more with another one', async () => {
    const { track, sent, transport, advance, ledger, unauthorized } = authorizedPage({ identity: ANN });
    transport.respondOnce(INVALID);
    await track('a', 2, 'ann');
    await advance(SECOND);
    expect(sent()).toEqual(['ann: a1,a2', 'ann: a1,a2']);
    const [first, second] = transport.sent.map(({ credentials }) => credentials?.['Authorization']);
    expect(first).not.toBe(second);
    expect(ledger()).toMatchObject({ delivered: 2, pending: 0 });
    expect(unauthorized()).toBe(0);
  });

  test('for ever, for an hour: at most 20 calls of the provider, nothing is lost, and what is of nobody goes on', async () => {
    const { track, sent, transport, advance, ledger, token } = authorizedPage({ identity: ANN });
    transport.respond(({ credentials }) => (credentials ? INVALID : { kind: 'delivered' }));
    await track('a', 2, 'ann');
    for (let minute = 0; minute < 59; minute++) {
      await track(`x${minute}`, 1);
      await advance(MINUTE);
    }
    expect(token.asked.length).toBeLessThanOrEqual(20);
    expect(transport.sent.filter(({ credentials }) => credentials).length).toBeLessThanOrEqual(40);
    expect(sent().filter((each) => each.startsWith('nobody'))).toHaveLength(59);
    expect(ledger()).toMatchObject({ delivered: 59, pending: 2 });
  });

  test('because of the client key is no matter of the token', async () => {
    const { track, transport, advance, token, unauthorized } = authorizedPage({ identity: ANN });
    transport.respondOnce({ kind: 'unauthorized', status: 401, body: '{"error":"invalid_client_key"}' });
    await track('a', 1, 'ann');
    await advance(SECOND);
    expect([unauthorized(), token.asked.length]).toEqual([1, 1]);
  });
});

test('a proxy that answers 403 to a token is left alone for five minutes, and nothing is dropped', async () => {
  const { track, sent, transport, advance, ledger } = authorizedPage({ identity: ANN });
  transport.respondOnce(rejected(403));
  await track('a', 2, 'ann');
  await track('x', 1);
  await advance(4 * MINUTE);
  expect(sent()).toEqual(['ann: a1,a2', 'nobody: x1']);
  await advance(2 * MINUTE);
  expect(sent().at(-1)).toBe('ann: a1,a2');
  expect(ledger()).toMatchObject({ delivered: 3, pending: 0, dropped: {} });
});

describe('an event that is not sent yet when its person goes', () => {
  test('goes at once, with the token that there is', async () => {
    const { track, become, sent, advance, ledger, setHeir } = authorizedPage({ identity: ANN });
    setHeir(true);
    await track('a', 1, 'ann');
    await track('out', 1, 'ann');
    expect(sent()).toEqual(['ann: a1']);
    await become(NOBODY);
    await track('x', 1);
    await advance(5 * SECOND);
    expect(sent()).toEqual(['ann: a1', 'ann: out1', 'nobody: x1']);
    expect(ledger()).toMatchObject({ delivered: 3, pending: 0 });
  });

  test('waits where there is none', async () => {
    const { track, become, sent, advance, ledger } = authorizedPage({ identity: ANN, provider: () => null });
    await track('a', 1, 'ann');
    await become(BOB);
    await track('b', 1);
    await advance(5 * SECOND);
    expect(sent()).toEqual(['nobody: b1']);
    expect(ledger()).toMatchObject({ delivered: 1, pending: 1 });
  });
});

describe('a page that leaves', () => {
  test('sends what is of nobody and what has its token, in a request each', async () => {
    const { track, sent, sender, transport } = authorizedPage({ identity: ANN });
    await track('a', 1, 'ann');
    for (const event of [ownEvent('x1'), ownEvent('a2', 'ann'), ownEvent('b1', 'bob')])
      sender.captured(event);
    sender.leaving([]);
    expect(sent()).toEqual(['ann: a1', 'nobody: x1', 'ann: a2']);
    expect(transport.sent.map(({ leaving }) => leaving)).toEqual([false, true, true]);
  });

  test('sends nothing of a person whose token has expired', async () => {
    const { track, sent, sender, token } = authorizedPage({
      identity: ANN,
      provider: ({ userId }) => ({ token: `opaque-${userId}-1`, expiresIn: 60 }),
    });
    await track('a', 1, 'ann');
    token.sleep(2 * MINUTE);
    sender.captured(ownEvent('a2', 'ann'));
    sender.leaving([]);
    expect(sent()).toEqual(['ann: a1']);
  });
});

test('a batch that was chosen before the person changed goes with nobody else’s token', async () => {
  const { delivery, become, sent } = authorizedPage({ identity: ANN });
  await become(BOB);
  expect(await delivery.send([ownEvent('a1', 'ann').json])).toEqual({ kind: 'aborted' });
  expect(sent()).toEqual([]);
});

test('whether the proxy answers is asked with the client key', async () => {
  const { delivery, sent } = authorizedPage({ identity: ANN });
  expect(await delivery.send([])).toEqual({ kind: 'delivered' });
  expect(sent()).toEqual(['nobody: ']);
});

test('what the proxy has not taken is known from either half', async () => {
  const { track, delivery, transport } = authorizedPage({ identity: ANN });
  await track('a', 1, 'ann');
  transport.respond(({ ids }) => ({ kind: 'delivered', refused: ids }));
  const jsons = [ownEvent('x1').json, ownEvent('a2', 'ann').json];
  expect(await delivery.send(jsons, { leaving: true })).toEqual({ kind: 'delivered', refused: ['x1', 'a2'] });
});
