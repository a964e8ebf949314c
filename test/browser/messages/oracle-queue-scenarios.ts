/** Scenarios of a person's own messages, and the wanted differences between our SDK and Customer.io's in each of them. */
import {
  addSlot,
  arrives,
  CLOSE,
  closes,
  CORNER,
  loads,
  opened,
  own,
  removeSlot,
  type Scenario,
} from './oracle-steps.ts';

/** A report of Customer.io counts each event, so that one visitor who sees a message on ten pages looks like ten visitors. */
const OPENED_AGAIN =
  'a persistent message is reported as opened once, and not at each page load or after each snooze';

const LATE_ELEMENT =
  'an inline message is shown as soon as its element is in the page: Customer.io takes it for shown without the element, and tries again at a page view that is more than 5 seconds later';

const INVALID_RULE =
  'our SDK reports a page rule that is no regular expression: Customer.io never shows such a message, and nobody learns why';

export const QUEUE_SCENARIOS: readonly Scenario[] = [
  {
    name: 'a modal',
    steps: [
      ['the page loads', opened(own('q1'))],
      ['u1 is identified', arrives('q1')],
    ],
    wanted: [],
  },
  {
    name: 'actions of buttons',
    steps: [
      [
        'the page loads',
        opened(
          own(
            'q1',
            5,
            {},
            {
              buy: 'https://a.example',
              script: 'gist://loadPage?url=javascript:alert(1)',
              cart: 'gist://loadPage?url=/cart',
            },
          ),
        ),
      ],
      ['u1 is identified', arrives('q1')],
      [
        'a link that only the application follows',
        async (visit) => {
          await visit.tap('q1', 'buy');
          await visit.told('action', 'q1');
        },
      ],
      [
        'a script as a page to load',
        async (visit) => {
          await visit.tap('q1', 'script');
          await visit.told('action', 'q1');
        },
      ],
      [
        'a page to load',
        async (visit) => {
          // Customer.io's SDK may lose the event when the next page arrives first.
          await visit.page.route('**/cart', async (route) => {
            await visit.sent('actionName=cart').catch(() => undefined);
            await route.continue();
          });
          await visit.tap('q1', 'cart');
          await visit.page.waitForURL('**/cart');
        },
      ],
    ],
    wanted: [],
  },
  {
    name: 'two priorities',
    steps: [
      ['the page loads', opened(own('later', 9), own('first', 1))],
      ['u1 is identified', arrives('first')],
      ['the first is closed', closes('first', 'later')],
      ['the other is closed', closes('later')],
      ['the page loads again', loads('/shop')],
    ],
    wanted: [],
  },
  {
    name: 'page rules',
    steps: [
      [
        'the page loads',
        opened(
          own('mobile', 1, { routeRuleWeb: '^DO_NOT_DISPLAY_IN_APP$' }),
          own('invalid', 2, { routeRuleWeb: '(' }),
          own('checkout', 3, { routeRuleWeb: '^(checkout)$' }),
          own('cart', 4, { routeRuleWeb: '^(/Cart/1)$' }),
          own('lower-case', 5, { routeRuleWeb: '^(/cart/1)$' }),
          own('everywhere', 9, CORNER),
        ),
      ],
      [
        'u1 is identified',
        async (visit) => {
          // Our SDK waits so long for the first page view before it tests page rules without one.
          await visit.pass(2_000);
          await arrives('everywhere')(visit);
        },
      ],
      ['a page with another name', (visit) => visit.view('shop')],
      [
        'the page with the name of the rule',
        async (visit) => {
          await visit.view('checkout');
          await visit.told('shown', 'checkout');
        },
      ],
      ['the message is closed', closes('checkout')],
      ['the page with the path of the rule loads, without a name', loads('/Cart/1', 'cart')],
    ],
    wanted: [
      {
        step: 'u1 is identified',
        ours: ['page: sdk-error plugin-failed'],
        theirs: [],
        why: INVALID_RULE,
      },
      {
        step: 'the page with the path of the rule loads, without a name',
        ours: ['page: sdk-error plugin-failed'],
        theirs: [],
        why: INVALID_RULE,
      },
    ],
  },
  {
    name: 'an inline message',
    steps: [
      [
        'the page loads',
        opened(
          own('inline', 1, { elementId: 'slot' }),
          own('next', 2, { elementId: 'slot' }),
          own('corner', 9, CORNER),
        ),
      ],
      ['u1 is identified', arrives('corner')],
      ['the element arrives', addSlot],
      [
        'a page view, later',
        async (visit) => {
          await visit.pass(8_000);
          await visit.view('later');
        },
      ],
      [
        'a page without the element',
        async (visit) => {
          await removeSlot(visit);
          await visit.view('without');
        },
      ],
      [
        'a page with the element',
        async (visit) => {
          // Before the element is there: a message that loads its frame meanwhile would wait too long for it.
          await visit.pass(8_000);
          await addSlot(visit);
          await visit.view('with');
          await visit.told('shown', 'next');
        },
      ],
      ['the message is closed', closes('next')],
    ],
    wanted: [
      {
        step: 'the element arrives',
        ours: [
          'event: Report Delivery Event by u1 deliveryId=delivery-inline metric=opened',
          'page: shown gist-html-inline delivery-inline',
          'service: seen inline by u1',
        ],
        theirs: [],
        why: LATE_ELEMENT,
      },
      {
        step: 'a page view, later',
        ours: [],
        theirs: [
          'event: Report Delivery Event by u1 deliveryId=delivery-inline metric=opened',
          'page: shown gist-html-inline delivery-inline',
          'service: seen inline by u1',
        ],
        why: LATE_ELEMENT,
      },
    ],
  },
  {
    name: 'a persistent message',
    steps: [
      ['the page loads', opened(own('stays', 5, { persistent: true }))],
      ['u1 is identified', arrives('stays')],
      ['the second load', loads('/shop', 'stays')],
      ['the third load', loads('/shop', 'stays')],
      ['it is closed', closes('stays')],
      ['the page loads after that', loads('/shop')],
    ],
    wanted: [
      {
        step: 'the second load',
        ours: [],
        theirs: ['event: Report Delivery Event by u1 deliveryId=delivery-stays metric=opened'],
        why: OPENED_AGAIN,
      },
      {
        step: 'the third load',
        ours: [],
        theirs: ['event: Report Delivery Event by u1 deliveryId=delivery-stays metric=opened'],
        why: OPENED_AGAIN,
      },
    ],
  },
  {
    name: 'a snoozed message',
    steps: [
      [
        'the page loads',
        opened(own('stays', 5, { persistent: true }, { later: 'gist://snooze?showIn=1', ...CLOSE })),
      ],
      ['u1 is identified', arrives('stays')],
      [
        'it is snoozed for a minute',
        async (visit) => {
          await visit.tap('stays', 'later');
          await visit.told('dismissed', 'stays');
        },
      ],
      [
        'a minute later',
        async (visit) => {
          await visit.pass(60_100);
          await visit.told('shown', 'stays');
        },
      ],
      [
        'it is snoozed again',
        async (visit) => {
          await visit.tap('stays', 'later');
          await visit.told('dismissed', 'stays');
        },
      ],
      ['the page loads meanwhile', loads('/shop')],
      [
        'the page loads a minute later',
        async (visit) => {
          await visit.page.goto('about:blank');
          await visit.pass(60_100);
          await loads('/shop', 'stays')(visit);
        },
      ],
    ],
    wanted: [
      {
        step: 'a minute later',
        ours: [],
        theirs: ['event: Report Delivery Event by u1 deliveryId=delivery-stays metric=opened'],
        why: OPENED_AGAIN,
      },
      {
        step: 'the page loads a minute later',
        ours: [],
        theirs: ['event: Report Delivery Event by u1 deliveryId=delivery-stays metric=opened'],
        why: OPENED_AGAIN,
      },
    ],
  },
];
