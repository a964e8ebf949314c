/** What the planner asks, and what follows from the answers. */
import { personal } from './personal.js';

const trip = personal('trip', {});
export const saveTrip = trip.write;
export const readTrip = () => ({ nights: 1, party: 'two', season: 'summer', ...trip.read() });

export const QUESTIONS = [
  {
    id: 'nights',
    step: 'How long',
    title: 'How many nights?',
    options: [
      { value: 0, label: 'Just the day', hint: 'Home for supper', art: 'beck' },
      { value: 1, label: 'One night', hint: 'A sunset and a sunrise', art: 'lee' },
      { value: 3, label: 'A long weekend', hint: 'Far enough to forget', art: 'scree' },
    ],
  },
  {
    id: 'party',
    step: 'Who',
    title: 'Who is coming?',
    options: [
      { value: 'one', label: 'Only me', hint: 'Quiet is the point', art: 'lode' },
      { value: 'two', label: 'Two of us', hint: 'One tent, two mugs', art: 'brim' },
      { value: 'four', label: 'Four of us', hint: 'Somebody will sing', art: 'glim' },
    ],
  },
  {
    id: 'season',
    step: 'When',
    title: 'Which season?',
    options: [
      { value: 'spring', label: 'Spring', hint: 'Wet boots, new leaves', art: 'cinder' },
      { value: 'summer', label: 'Summer', hint: 'Light until ten', art: 'beck' },
      { value: 'autumn', label: 'Autumn', hint: 'Cold by the fire', art: 'heath' },
    ],
  },
];

const PEOPLE = { one: 1, two: 2, four: 4 };

export function packingList({ nights, party, season }) {
  const people = PEOPLE[party];
  const cold = season !== 'summer';
  return [
    nights > 0 && { slug: 'lee', quantity: Math.ceil(people / 2), why: 'Sleeps two' },
    nights > 1 && { slug: 'scree', quantity: people, why: 'One for each of you' },
    nights > 0 && { slug: 'cinder', quantity: 1, why: 'Supper, and coffee' },
    { slug: 'brim', quantity: people, why: 'One for each of you' },
    { slug: 'beck', quantity: Math.ceil(people / 2), why: cold ? 'Hot at noon' : 'Cold at noon' },
    nights > 0 && {
      slug: 'glim',
      quantity: 1,
      why: season === 'summer' ? 'For the tent' : 'Dark comes early',
    },
    cold && { slug: 'heath', quantity: Math.ceil(people / 2), why: 'For the last hour' },
    { slug: 'lode', quantity: 1, why: 'There is no signal' },
  ].filter(Boolean);
}
