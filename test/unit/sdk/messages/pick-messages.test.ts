// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { QueueMessage } from '../../../../src/protocol/messages.ts';
import { type MessageRecord } from '../../../../src/sdk/messages/message-state.ts';
import { createPageRules } from '../../../../src/sdk/messages/page-rule.ts';
import {
  type PickedMessages,
  pickMessages,
  type PickNeeds,
} from '../../../../src/sdk/messages/pick-messages.ts';
import { START_MS } from '../../../fakes/clock.ts';
import { NO_RECORD, queueMessage } from './setup.ts';

const NOW_MS = START_MS;

interface Situation extends Partial<Omit<PickNeeds, 'recordOf' | 'mayShow' | 'hasElement'>> {
  readonly records?: Readonly<Record<string, Partial<MessageRecord>>>;
  readonly elements?: readonly string[];
}

const mayShow = createPageRules(() => undefined);
const pick = (messages: readonly QueueMessage[], situation: Situation = {}): PickedMessages => {
  const { records = {}, elements = [], ...rest } = situation;
  return pickMessages({
    messages,
    nowMs: NOW_MS,
    page: { route: 'home', pathname: '/' },
    open: [],
    failed: new Set(),
    closed: new Set(),
    recordOf: (queueId) => ({ ...NO_RECORD, ...records[queueId] }),
    mayShow,
    hasElement: (elementId) => elements.includes(elementId),
    ...rest,
  });
};
const idsOf = ({ candidates }: PickedMessages): readonly string[] => candidates.map(({ queueId }) => queueId);
const inline = (queueId: string, elementId: string, priority?: number): QueueMessage =>
  queueMessage(queueId, { elementId }, priority);
const broadcast = (
  queueId: string,
  count = 0,
  delay = 0,
  ignoreDismiss = false,
  priority?: number,
): QueueMessage =>
  queueMessage(queueId, { broadcast: { frequency: { count, delay, ignoreDismiss } } }, priority);

describe('the order of messages', () => {
  test('is by priority, the lower one first, whatever the order in the queue', () => {
    expect(idsOf(pick([queueMessage('q9', {}, 9), queueMessage('q1', {}, 1)]))).toEqual(['q1']);
  });

  test('has a message without a priority last, and keeps the order of equal ones', () => {
    const elements = ['a', 'b', 'c', 'd', 'e', 'f'];
    const priorities: readonly [string, number | undefined][] = [
      ['a', undefined],
      ['b', 5],
      ['c', NaN],
      ['d', -1],
      ['e', 5],
      ['f', undefined],
    ];
    const messages = priorities.map(([id, priority]) => inline(id, id, priority));
    expect(idsOf(pick(messages, { elements }))).toEqual(['d', 'b', 'e', 'a', 'c', 'f']);
    const text = { ...inline('g', 'a'), priority: '0' as unknown as number };
    expect(idsOf(pick([...messages, text], { elements })).at(-1)).toBe('f');
  });

  test('has broadcasts before messages of the queue with the same priority', () => {
    const queue = queueMessage('q1', {}, 5);
    expect(idsOf(pick([queue, broadcast('b1', 0, 0, false, 5)]))).toEqual(['b1']);
    expect(idsOf(pick([queue, broadcast('b1', 0, 0, false, 6)]))).toEqual(['q1']);
  });
});

describe('places', () => {
  test('one modal at a time, and one message for each element', () => {
    const messages = [
      queueMessage('m1'),
      queueMessage('m2', { position: 'top' }),
      inline('i1', 'slot'),
      inline('i2', 'slot'),
      inline('i3', 'other'),
      queueMessage('t1', { elementId: 'other', tooltipPosition: 'top' }),
      inline('o1', 'x-gist-top'),
      inline('o2', 'x-gist-top'),
    ];
    const picked = pick(messages, { elements: ['slot', 'other'] });
    expect(idsOf(picked)).toEqual(['m1', 'i1', 'i3', 'o1']);
    expect(picked.candidates.map(({ slot }) => slot)).toEqual([
      'modal',
      'element slot',
      'element other',
      'element x-gist-top',
    ]);
  });

  test('that are occupied stay so: a more important modal does not replace an open one', () => {
    const open = [{ queueId: 'q0', slot: 'modal' }];
    expect(
      idsOf(pick([queueMessage('q1', {}, 0), inline('i1', 'slot')], { open, elements: ['slot'] })),
    ).toEqual(['i1']);
  });

  test('the same queue id is never shown twice', () => {
    const twice = [inline('q1', 'a'), inline('q1', 'b')];
    expect(idsOf(pick(twice, { elements: ['a', 'b'] }))).toEqual(['q1']);
    const open = [{ queueId: 'q1', slot: 'element z' }];
    expect(idsOf(pick(twice, { elements: ['a', 'b'], open }))).toEqual([]);
  });

  test('a message without its element waits for it, and takes no place', () => {
    const messages = [
      inline('i1', '#late'),
      queueMessage('t1', { elementId: 'anchor', tooltipPosition: 'top' }),
    ];
    expect(pick(messages)).toEqual({ candidates: [], awaitedElements: ['#late', 'anchor'] });
    expect(idsOf(pick(messages, { elements: ['#late', 'anchor'] }))).toEqual(['i1', 't1']);
  });

  test('an overlay waits for no element', () => {
    expect(pick([inline('o1', 'x-gist-floating-top-left')]).awaitedElements).toEqual([]);
  });

  test('only messages that could be shown wait for an element', () => {
    const rule = queueMessage('i1', { elementId: 'a', routeRuleWeb: '^(cart)$' });
    expect(pick([rule, inline('i2', 'b')], { records: { i2: { isSeen: true } } }).awaitedElements).toEqual(
      [],
    );
  });
});

describe('whether a message may be shown', () => {
  const persistent = queueMessage('q1', { persistent: true });
  const onCart = queueMessage('q1', { routeRuleWeb: '^(cart)$' });
  const LATER_MS = NOW_MS + 60_000;
  const cart = { route: 'cart', pathname: '/' };

  test.each<
    [name: string, message: QueueMessage, situation: Situation, isShown: boolean, againAtMs?: number]
  >([
    ['nothing is against it', queueMessage('q1'), {}, true],
    ['its properties are no object', queueMessage('q1', null), {}, true],
    ['it was seen', queueMessage('q1'), { records: { q1: { isSeen: true } } }, false],
    ['it has failed on this page', queueMessage('q1'), { failed: new Set(['q1']) }, false],
    ['another one has failed', queueMessage('q1'), { failed: new Set(['q2']) }, true],
    // Page rules.
    ['its rule matches', onCart, { page: cart }, true],
    ['its rule does not match', onCart, {}, false],
    ['its rule matches nowhere', queueMessage('q1', { routeRuleWeb: '^DO_NOT_DISPLAY_IN_APP$' }), {}, false],
    ['it has a rule, and no page is known', onCart, { page: undefined }, false],
    ['it has no rule, and no page is known', queueMessage('q1'), { page: undefined }, true],
    // Persistent messages.
    ['it is persistent, and was shown', persistent, { records: { q1: { shownCount: 3 } } }, true],
    ['it is persistent, and was closed', persistent, { records: { q1: { isSeen: true } } }, false],
    ['it is snoozed', persistent, { records: { q1: { snoozedUntilMs: LATER_MS } } }, false, LATER_MS],
    ['the snooze is over', persistent, { records: { q1: { snoozedUntilMs: NOW_MS } } }, true],
    [
      'the clock was set back by months since the snooze',
      persistent,
      { records: { q1: { snoozedUntilMs: NOW_MS + 1e10 } } },
      true,
    ],
    // Other tabs.
    [
      'another tab loads it',
      queueMessage('q1'),
      { records: { q1: { loadingUntilMs: NOW_MS + 10 } } },
      false,
      NOW_MS + 10,
    ],
    ['another tab has given up', queueMessage('q1'), { records: { q1: { loadingUntilMs: NOW_MS } } }, true],
    // Broadcasts.
    ['the broadcast is new', broadcast('q1', 1), {}, true],
    [
      'the broadcast was shown as often as it may be',
      broadcast('q1', 1),
      { records: { q1: { shownCount: 1 } } },
      false,
    ],
    [
      'the broadcast has to wait',
      broadcast('q1', 2, 2),
      { records: { q1: { shownCount: 1, shownAtMs: NOW_MS - 500 } } },
      false,
      NOW_MS + 1_500,
    ],
    ['the broadcast was dismissed', broadcast('q1'), { records: { q1: { isDismissed: true } } }, false],
    [
      'the broadcast is shown after that too',
      broadcast('q1', 0, 0, true),
      { records: { q1: { isDismissed: true } } },
      true,
    ],
    [
      'the broadcast was closed on this page, and has no delay',
      broadcast('q1', 0, 0, true),
      { records: { q1: { isDismissed: true } }, closed: new Set(['q1']) },
      false,
    ],
    [
      'the broadcast was closed on this page, and its delay is over',
      broadcast('q1', 2, 2, true),
      { records: { q1: { isDismissed: true, shownAtMs: NOW_MS - 2_000 } }, closed: new Set(['q1']) },
      true,
    ],
    ['the broadcast has no frequency', queueMessage('q1', { broadcast: { broadcastId: 7 } }), {}, false],
  ])('%s', (_name, message, situation, isShown, againAtMs) => {
    const picked = pick([message], situation);
    expect(idsOf(picked)).toEqual(isShown ? ['q1'] : []);
    expect(picked.againAtMs).toBe(againAtMs);
  });

  test('a broadcast without a frequency is skipped alone', () => {
    const broken = queueMessage('b1', { broadcast: {} }, 0);
    expect(idsOf(pick([broken, queueMessage('q1', {}, 5)]))).toEqual(['q1']);
  });

  test('what waits longest decides nothing: the next time is the earliest', () => {
    const messages = [persistent, queueMessage('q2'), queueMessage('q3')];
    const snoozed = (ms: number): Partial<MessageRecord> => ({ snoozedUntilMs: NOW_MS + ms });
    const records = { q1: snoozed(3_000), q2: snoozed(1_000), q3: snoozed(2_000) };
    expect(pick(messages, { records }).againAtMs).toBe(NOW_MS + 1_000);
  });

  test('a rule that takes too long hides its own message only', () => {
    const slow = queueMessage('q1', { routeRuleWeb: '(?:(?=.*x)a)*$' }, 1);
    const page = { route: 'a'.repeat(5_000), pathname: '/' };
    expect(idsOf(pick([slow, queueMessage('q2', {}, 2)], { page }))).toEqual(['q2']);
  });
});

describe('a candidate', () => {
  const lasting = { persistent: true };

  test('is reported as opened once, though it is shown on every page', () => {
    const isOpened = (gist: object, shownCount: number): boolean | undefined =>
      pick([queueMessage('q1', gist)], { records: { q1: { shownCount } } }).candidates[0]?.isOpened;
    expect([isOpened(lasting, 0), isOpened(lasting, 1), isOpened(lasting, 2)]).toEqual([true, false, false]);
    const always = { broadcast: { frequency: { count: 0, delay: 0 } } };
    expect([isOpened(always, 0), isOpened(always, 1)]).toEqual([true, false]);
  });
});
