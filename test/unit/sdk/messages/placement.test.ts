// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { isLasting, readPlacement } from '../../../../src/sdk/messages/placement.ts';
import { queueMessage } from './setup.ts';

const placementOf = (gist: unknown) => readPlacement(queueMessage('q1', gist));
const DEFAULTS = {
  display: 'modal',
  slot: 'modal',
  position: 'center',
  tooltipPosition: 'bottom',
  tooltipArrowColor: '#fff',
  widthPx: 414,
  overlayColor: '#00000033',
  exitClick: false,
  isScaled: false,
  isPersistent: false,
};

describe('the placement of a message', () => {
  test('has all fields', () => {
    expect(
      placementOf({
        campaignId: 'd1',
        routeRuleWeb: '^(home)$',
        elementId: 'slot',
        position: 'top',
        tooltipPosition: 'left',
        tooltipArrowColor: '#123456',
        messageWidth: 600,
        overlayColor: 'rgba(0, 0, 0, .5)',
        exitClick: true,
        scale: true,
        persistent: true,
        stepId: 'two',
        broadcast: { frequency: { count: 2, delay: 3, ignoreDismiss: true } },
      }),
    ).toEqual({
      display: 'tooltip',
      slot: 'element slot',
      elementId: 'slot',
      position: 'top',
      tooltipPosition: 'left',
      tooltipArrowColor: '#123456',
      widthPx: 600,
      overlayColor: 'rgba(0, 0, 0, .5)',
      exitClick: true,
      isScaled: true,
      rule: '^(home)$',
      isPersistent: true,
      broadcast: { count: 2, delayMs: 3_000, ignoreDismiss: true },
      step: 'two',
      deliveryId: 'd1',
    });
  });

  test.each([
    [{}, 'modal', 'modal'],
    [{ position: 'top' }, 'modal', 'modal'],
    [{ tooltipPosition: 'top' }, 'modal', 'modal'],
    [{ elementId: 'slot' }, 'inline', 'element slot'],
    [{ elementId: 'main > .slot' }, 'inline', 'element main > .slot'],
    [{ elementId: 'slot', tooltipPosition: 'top' }, 'tooltip', 'element slot'],
    [{ elementId: 'x-gist-top' }, 'overlay', 'element x-gist-top'],
    [{ elementId: 'x-gist-bottom' }, 'overlay', 'element x-gist-bottom'],
    [{ elementId: 'x-gist-floating-top' }, 'overlay', 'element x-gist-floating-top'],
    [{ elementId: 'x-gist-floating-top-left' }, 'overlay', 'element x-gist-floating-top-left'],
    [{ elementId: 'x-gist-floating-bottom-right' }, 'overlay', 'element x-gist-floating-bottom-right'],
    [{ elementId: 'x-gist-top-left' }, 'inline', 'element x-gist-top-left'],
  ])('of %o: %s in the place %s', (gist, display, slot) => {
    expect(placementOf(gist)).toMatchObject({ display, slot });
  });

  test.each([undefined, null, 'text', 5, [], {}, true])('of %o has the defaults', (gist) => {
    expect(placementOf(gist)).toEqual(DEFAULTS);
  });

  test('of a message without properties has the defaults', () => {
    expect(readPlacement({ properties: undefined as never })).toEqual(DEFAULTS);
  });

  const FIELDS = [
    'campaignId',
    'routeRuleWeb',
    'elementId',
    'position',
    'tooltipPosition',
    'tooltipArrowColor',
    'messageWidth',
    'overlayColor',
    'exitClick',
    'scale',
    'persistent',
    'stepId',
  ];
  test.each(FIELDS)('ignores a %s of a wrong type', (field) => {
    for (const value of [null, {}, [], ['modal'], '', 0, -1, NaN, Symbol.iterator, () => 1])
      expect(placementOf({ [field]: value }), typeof value).toEqual(DEFAULTS);
  });

  test.each([
    'red; background: url(//evil.example)',
    'url(//x)',
    'var(--x)',
    '#12',
    'rgb(0,0,0);x',
    'expression(1)',
  ])('does not take the colour %s', (overlayColor) => {
    expect(placementOf({ overlayColor })?.overlayColor).toBe('#00000033');
  });

  test.each(['#000', '#00000033', 'RED', 'rgb(0 0 0 / 20%)', 'hsla(120, 100%, 50%, 0.3)'])(
    'takes the colour %s',
    (overlayColor) => {
      expect(placementOf({ overlayColor })?.overlayColor).toBe(overlayColor);
    },
  );

  test('of a rule that is too long to test keeps the rule: without it, the message would be on every page', () => {
    expect(placementOf({ routeRuleWeb: 'a'.repeat(5_000) })?.rule).toHaveLength(5_000);
  });

  test.each<[object, boolean]>([
    [{}, false],
    [{ persistent: true }, true],
    [{ broadcast: { frequency: { count: 0, delay: 0 } } }, true],
    [{ broadcast: { frequency: { count: 0, delay: 1 } } }, false],
    [{ broadcast: { frequency: { count: 1, delay: 0 } } }, false],
  ])('%o stays open from page to page: %s', (gist, lasts) => {
    const placement = placementOf(gist);
    expect(placement && isLasting(placement)).toBe(lasts);
  });
});
