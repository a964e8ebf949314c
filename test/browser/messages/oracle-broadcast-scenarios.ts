/** Scenarios of messages for everybody, and the wanted differences between our SDK and Customer.io's in each of them. */
import { closes, CORNER, everybodys, loads, loadsFor, type Scenario } from './oracle-steps.ts';

/** The event of a display of a message for everybody. */
const VIEWED =
  'event: Report Content Event by a guest actionType=viewed_content contentId=7 contentType=in_app_content templateId=3';

export const BROADCAST_SCENARIOS: readonly Scenario[] = [
  {
    name: 'broadcasts',
    anonymous: true,
    steps: [
      [
        'the page loads',
        loadsFor(
          [
            everybodys('once', { count: 1, delay: 0 }),
            everybodys('always', { count: 0, delay: 0 }, 9, CORNER),
          ],
          'once',
          'always',
        ),
      ],
      ['the page loads again', loads('/shop', 'always')],
      ['the one that is always shown is closed', closes('always')],
      ['the page loads once more', loads('/shop')],
    ],
    wanted: [
      {
        step: 'the page loads again',
        ours: [],
        theirs: [VIEWED, 'service: seen always by a guest'],
        why: 'a message that stays until it is closed is reported as opened once, and not at each page load',
      },
    ],
  },
  {
    name: 'a broadcast that is shown twice',
    anonymous: true,
    steps: [
      [
        'the page loads',
        loadsFor([everybodys('twice', { count: 2, delay: 60, ignoreDismiss: true })], 'twice'),
      ],
      ['it is closed', closes('twice')],
      [
        'a minute later, another page',
        async (visit) => {
          await visit.pass(60_100);
          await visit.view('second');
          await visit.told('shown', 'twice');
        },
      ],
      ['it is closed again', closes('twice')],
      [
        'a minute later, a third page',
        async (visit) => {
          await visit.pass(60_100);
          await visit.view('third');
        },
      ],
    ],
    wanted: [
      {
        step: 'a minute later, another page',
        ours: [],
        theirs: ['service: seen twice by a guest'],
        why: 'a page reports a message to the service once: the service keeps back no message for everybody, and displays are counted by the event, which both SDKs send each time',
      },
    ],
  },
  {
    name: 'a broadcast without a frequency',
    anonymous: true,
    steps: [
      [
        'the page loads',
        async (visit) => {
          await loadsFor([
            everybodys('broken', undefined, 1),
            everybodys('whole', { count: 1, delay: 0 }, 5),
          ])(visit);
          await visit.asked('queue');
        },
      ],
    ],
    wanted: [
      {
        step: 'the page loads',
        ours: [VIEWED, 'page: shown gist-html-whole', 'service: seen whole by a guest'],
        theirs: [],
        why: 'a broadcast without a frequency is passed over alone: in Customer.io it is an exception, and no message at all is shown until the service stops to send it',
      },
    ],
  },
];
