import { describe, expect, test } from 'vitest';
import type { Analytics } from '../../../../src/sdk/api.ts';
import { takeSnapshot } from '../../../../src/sdk/event/take-snapshot.ts';
import type { QueuedCall } from '../../../../src/sdk/script/queued-call.ts';
import { replay } from '../../../../src/sdk/script/replay.ts';

function recorder(): { readonly analytics: Analytics; readonly calls: unknown[][] } {
  const calls: unknown[][] = [];
  const note =
    (name: string) =>
    (...args: unknown[]) =>
      calls.push([name, ...args]);
  const analytics = {
    track: note('track'),
    page: note('page'),
    identify: note('identify'),
    consent: { grant: note('grant') },
    fail() {
      throw new Error('failed');
    },
    look: () => void calls.push([takeSnapshot()]),
  };
  return { analytics: analytics as unknown as Analytics, calls };
}

const queued = (name: string, more: Partial<QueuedCall>): QueuedCall => Object.assign([name], more);

describe('the calls of a stub', () => {
  test('are made in their order, with their arguments', () => {
    const { analytics, calls } = recorder();
    const queue = [['page'], ['identify', 'u1', { plan: 'pro' }], ['track', 'E', { a: 1 }, undefined]];
    replay(analytics, queue);
    expect(calls).toEqual([
      ['page'],
      ['identify', 'u1', { plan: 'pro' }],
      ['track', 'E', { a: 1 }, undefined],
    ]);
    expect(queue).toHaveLength(0);
  });

  test('reach nothing but methods, whatever stands in the list', () => {
    const { analytics, calls } = recorder();
    const hostile = [
      [],
      ['constructor', 'return 1'],
      ['constructor.assign', analytics],
      ['__proto__'],
      ['toString'],
      ['unknown'],
      ['consent'],
      ['consent.'],
      ['consent.grant.call'],
      'track',
      null,
      undefined,
      7,
      [Symbol('x')],
      [{}],
      { 0: 'track', length: 1 },
    ];
    expect(() => replay(analytics, [...hostile, ['track', 'E']])).not.toThrow();
    expect(calls).toEqual([['track', 'E']]);
  });

  test('reach what is inside a part of the SDK by its path', () => {
    const { analytics, calls } = recorder();
    replay(analytics, [['consent.grant', ['ads']]]);
    expect(calls).toEqual([['grant', ['ads']]]);
  });

  test('that are queued while they are made come after them; what is queued later is made at once', () => {
    const { analytics, calls } = recorder();
    const queue: unknown[] = [
      queued('page', { done: () => queue.push(['track', 'Third']) }),
      ['track', 'Second'],
    ];
    replay(analytics, queue);
    expect(calls).toEqual([['page'], ['track', 'Second'], ['track', 'Third']]);
    queue.push(['track', 'Fourth']);
    expect(calls.at(-1)).toEqual(['track', 'Fourth']);
    expect(queue).toHaveLength(0);
  });

  test('answer what the SDK answers, and a failure to whoever asks for it', async () => {
    const { analytics } = recorder();
    const answers: unknown[] = [];
    const done = (answer: unknown): void => void answers.push(answer);
    replay(analytics, [
      queued('track', { done }),
      queued('fail', { done }),
      ['fail'],
      queued('track', { done }),
    ]);
    expect(await Promise.allSettled(answers)).toMatchObject([
      { status: 'fulfilled', value: 1 },
      { status: 'rejected', reason: { message: 'failed' } },
      { status: 'fulfilled', value: 2 },
    ]);
  });
});

describe('the moment of a call', () => {
  const page = {
    href: 'https://shop.example/boots?size=40',
    path: '/boots',
    search: '?size=40',
    title: 'Boots',
  };

  test('is that of its queueing, and ends with it', () => {
    const { analytics, calls } = recorder();
    replay(analytics, [queued('look', { made: { at: 1_000, page } }), ['look']]);
    const [[then], [now]] = calls as [[ReturnType<typeof takeSnapshot>], [ReturnType<typeof takeSnapshot>]];
    expect(then).toMatchObject({
      at: 1_000,
      page: { ...page, referrer: document.referrer, userAgent: navigator.userAgent },
    });
    expect(now.page.href).toBe(location.href);
    expect(now.at).toBeGreaterThan(1_000);
    expect(takeSnapshot().page.href).toBe(location.href);
  });

  test('ends also where the call fails', () => {
    const { analytics } = recorder();
    replay(analytics, [queued('fail', { made: { at: 1_000, page } })]);
    expect(takeSnapshot().page.href).toBe(location.href);
  });

  test('has the canonical link of the page that is still there, and none of a page that was left', () => {
    const { analytics, calls } = recorder();
    document.head.innerHTML = '<link rel="canonical" href="https://shop.example/canonical">';
    const here = { href: location.href, path: location.pathname, search: location.search, title: 'Here' };
    replay(analytics, [
      queued('look', { made: { at: 1_000, page: here } }),
      queued('look', { made: { at: 1_000, page } }),
    ]);
    document.head.innerHTML = '';
    expect(calls).toMatchObject([
      [{ page: { title: 'Here', canonical: 'https://shop.example/canonical' } }],
      [{ page: { title: 'Boots', canonical: undefined } }],
    ]);
  });
});
