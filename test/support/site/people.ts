/** The people that Customer.io knows in the tests. */
import type { Person } from '../../../demo/pipelines/people.ts';

const message = (queueId: string): Person['messages'][number] => ({
  queueId,
  opened: false,
  sentAt: '2026-01-02T03:04:05.000Z',
  properties: { title: `Of ${queueId}` },
});

/** Two people. Neither may ever receive data of the other. */
export const PEOPLE: Readonly<Record<string, Partial<Person>>> = {
  ann: {
    attributes: { plan: 'pro' },
    topics: [
      { id: 1, name: 'News', subscribed: true },
      { id: 2, name: 'Offers', subscribed: false },
    ],
    messages: [message('ann-1'), message('ann-2')],
  },
  bob: { attributes: { plan: 'free' }, topics: [], messages: [message('bob-1')] },
};
