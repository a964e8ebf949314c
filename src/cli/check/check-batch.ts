import { inWords, isDelivered, outcomeOfReply } from './probe.ts';
import { fail, type Finding, pass, skip } from './result.ts';
import type { CheckContext } from './context.ts';

/** Whether an event passes. Decides whom the events of the later checks are of. */
export async function checkBatch({ dry, samples, postEvents }: CheckContext): Promise<readonly Finding[]> {
  const name = 'anonymous event';
  if (dry) return [skip(name, '--dry')];
  const reply = await postEvents([samples.event()]);
  if (isDelivered(reply)) return [pass(name, inWords(reply))];
  if (outcomeOfReply(reply).kind === 'busy' && reply.kind === 'answer' && reply.status !== 500)
    return [
      fail(
        name,
        inWords(reply),
        'The proxy, or Customer.io behind it, takes nothing now: try later.',
        'events',
      ),
    ];

  // Only now with a person, who then exists in the workspace: to tell what it is that does not pass.
  samples.use('person');
  const ofPerson = await postEvents([samples.event()]);
  const passes = isDelivered(ofPerson);
  return [
    fail(
      name,
      inWords(reply),
      passes
        ? 'Forward anonymousId, and do not ask for userId: most visitors are not known.'
        : 'Look into the log of the proxy: is the key right that it has for Customer.io?',
    ),
    passes
      ? pass('event of a person', inWords(ofPerson))
      : fail('event of a person', inWords(ofPerson), 'See above.', 'events'),
  ];
}
