import { inWords, isDelivered, outcomeOfReply } from './probe.ts';
import { fail, type Finding, pass, skipInDryRun } from './check-result.ts';
import type { CheckContext } from './check-context.ts';

/**
 * Checks that an event is accepted. The result decides which identity the events of the later checks have: a visitor,
 * or a person.
 */
export async function checkBatch({ dry, samples, postEvents }: CheckContext): Promise<readonly Finding[]> {
  const name = 'anonymous event';
  if (dry) return [skipInDryRun(name)];
  const reply = await postEvents([samples.event()]);
  if (isDelivered(reply)) return [pass(name, inWords(reply))];
  if (outcomeOfReply(reply).kind === 'busy' && reply.kind === 'answer' && reply.status !== 500)
    return [
      fail(
        name,
        inWords(reply),
        'The proxy, or Customer.io behind it, accepts nothing at the moment: run the check again later.',
        'events',
      ),
    ];

  // Tried with a person only after the visitor has failed: it shows what is refused, and the person then exists in the
  // workspace.
  samples.use('person');
  const personReply = await postEvents([samples.event()]);
  const personPasses = isDelivered(personReply);
  return [
    fail(
      name,
      inWords(reply),
      personPasses
        ? 'Forward anonymousId, and do not require userId: most visitors are anonymous.'
        : 'Read the log of the proxy, and check its write key for Customer.io.',
    ),
    personPasses
      ? pass('event of a person', inWords(personReply))
      : fail('event of a person', inWords(personReply), 'See above.', 'events'),
  ];
}
