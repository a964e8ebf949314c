/** Scenarios of messages for everybody, and the wanted differences between our SDK and Customer.io's in each of them. */
import { closes, CORNER, everybodys, loads, loadsFor, type Scenario } from './oracle-steps.ts';

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
    wanted: [],
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
    wanted: [],
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
    wanted: [],
  },
];
