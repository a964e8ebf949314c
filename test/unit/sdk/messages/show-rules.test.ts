// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { isLasting, readShowRules } from '../../../../src/sdk/messages/show-rules.ts';
import { queueMessage } from './setup.ts';

const rulesOf = (gist: unknown) => readShowRules(queueMessage('q1', gist));
const DEFAULTS = { slot: 'modal', isPersistent: false };

describe('the rules of a message', () => {
  test('has all fields', () => {
    expect(
      rulesOf({
        campaignId: 'd1',
        routeRuleWeb: '^(home)$',
        elementId: 'slot',
        persistent: true,
        broadcast: { frequency: { count: 2, delay: 3, ignoreDismiss: true } },
      }),
    ).toEqual({
      slot: 'element slot',
      neededElement: 'slot',
      rule: '^(home)$',
      isPersistent: true,
      broadcast: { count: 2, delayMs: 3_000, ignoreDismiss: true },
      deliveryId: 'd1',
    });
  });

  test.each([
    [{}, 'modal', undefined],
    [{ position: 'top' }, 'modal', undefined],
    [{ tooltipPosition: 'top' }, 'modal', undefined],
    [{ elementId: 'slot' }, 'element slot', 'slot'],
    [{ elementId: 'main > .slot' }, 'element main > .slot', 'main > .slot'],
    [{ elementId: 'slot', tooltipPosition: 'top' }, 'element slot', 'slot'],
    [{ elementId: 'x-gist-top' }, 'element x-gist-top', undefined],
    [{ elementId: 'x-gist-bottom' }, 'element x-gist-bottom', undefined],
    [{ elementId: 'x-gist-floating-top' }, 'element x-gist-floating-top', undefined],
    [{ elementId: 'x-gist-floating-top-left' }, 'element x-gist-floating-top-left', undefined],
    [{ elementId: 'x-gist-floating-bottom-right' }, 'element x-gist-floating-bottom-right', undefined],
    [{ elementId: 'x-gist-top-left' }, 'element x-gist-top-left', 'x-gist-top-left'],
  ])('of %o: the place %s, which needs the element %s', (gist, slot, neededElement) => {
    expect(rulesOf(gist)?.slot).toBe(slot);
    expect(rulesOf(gist)?.neededElement).toBe(neededElement);
  });

  test.each([undefined, null, 'text', 5, [], {}, true])('of %o has the defaults', (gist) => {
    expect(rulesOf(gist)).toEqual(DEFAULTS);
  });

  test('of a message without properties has the defaults', () => {
    expect(readShowRules({ properties: undefined as never })).toEqual(DEFAULTS);
  });

  const FIELDS = ['campaignId', 'routeRuleWeb', 'elementId', 'overlayColor', 'persistent'];
  test.each(FIELDS)('ignores a %s of a wrong type', (field) => {
    for (const value of [null, {}, [], ['modal'], '', 0, -1, NaN, Symbol.iterator, () => 1])
      expect(rulesOf({ [field]: value }), typeof value).toEqual(DEFAULTS);
  });

  test('of a rule that is too long to test keeps the rule: without it, the message would be on every page', () => {
    expect(rulesOf({ routeRuleWeb: 'a'.repeat(5_000) })?.rule).toHaveLength(5_000);
  });

  test.each<[object, boolean]>([
    [{}, false],
    [{ persistent: true }, true],
    [{ broadcast: { frequency: { count: 0, delay: 0 } } }, true],
    [{ broadcast: { frequency: { count: 0, delay: 1 } } }, false],
    [{ broadcast: { frequency: { count: 1, delay: 0 } } }, false],
  ])('%o stays open from page to page: %s', (gist, lasts) => {
    const placement = rulesOf(gist);
    expect(placement && isLasting(placement)).toBe(lasts);
  });
});
