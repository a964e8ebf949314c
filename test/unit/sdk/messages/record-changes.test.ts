// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { readShowRules } from '../../../../src/sdk/messages/show-rules.ts';
import type { ShowRules } from '../../../../src/sdk/messages/show-rules.ts';
import {
  isOpenedFirst,
  whenClosed,
  whenLoading,
  whenShown,
  whenSnoozed,
} from '../../../../src/sdk/messages/record-changes.ts';
import { NO_RECORD, queueMessage } from './setup.ts';

const placed = (gist: object): ShowRules => readShowRules(queueMessage('q1', gist)) as ShowRules;
const ordinary = placed({});
const persistent = placed({ persistent: true });
const always = placed({ broadcast: { frequency: { count: 0, delay: 0 } } });
const twice = placed({ broadcast: { frequency: { count: 2, delay: 0 } } });
const shownOnce = { ...NO_RECORD, shownCount: 1 };

describe('the record of a message', () => {
  test.each<[name: string, rules: ShowRules, isSeenWhenShown: boolean, whenClosed: object]>([
    ['an ordinary message', ordinary, true, { isSeen: true, isDismissed: false }],
    ['a persistent message', persistent, false, { isSeen: true, isDismissed: false }],
    ['a broadcast that is always shown', always, false, { isSeen: false, isDismissed: true }],
    ['a broadcast that is shown twice', twice, false, { isSeen: false, isDismissed: true }],
  ])('of %s', (_name, rules, isSeen, closed) => {
    expect(whenShown(rules, shownOnce, 7)).toEqual({
      shownCount: 2,
      shownAtMs: 7,
      loadingUntilMs: 0,
      isSeen,
    });
    expect(whenClosed(rules)).toEqual(closed);
  });

  test('stays seen if another tab has closed the persistent message while this tab loads it', () => {
    expect(whenShown(persistent, { ...shownOnce, isSeen: true }, 7).isSeen).toBe(true);
  });

  test.each<[name: string, rules: ShowRules, again: boolean]>([
    ['an ordinary message', ordinary, true],
    ['a broadcast that is shown twice', twice, true],
    ['a persistent message', persistent, false],
    ['a broadcast that is always shown', always, false],
  ])('of %s: the first display is reported as opened, a later one: %s', (_name, rules, again) => {
    expect(isOpenedFirst(rules, NO_RECORD)).toBe(true);
    expect(isOpenedFirst(rules, shownOnce)).toBe(again);
  });

  test.each([
    [1, 1],
    [90, 90],
    [43_200, 43_200],
    [99_999, 43_200],
    [Infinity, 43_200],
    [0, 60],
    [-5, 60],
    [NaN, 60],
  ])('snoozed for %d minutes: %d', (minutes, used) => {
    expect(whenSnoozed(minutes, 1_000)).toEqual({ snoozedUntilMs: 1_000 + used * 60_000 });
  });

  test('keeps other tabs from showing a message that is being loaded, for five seconds', () => {
    expect(whenLoading(1_000)).toEqual({ loadingUntilMs: 6_000 });
  });
});
