import { inWords, isDelivered, isRefused, outcomeOfReply, type Reply } from './probe.ts';
import { fail, type Finding, pass, skipInDryRun, warning } from './check-result.ts';
import { MANY, UNKNOWN_TYPE } from './sample-events.ts';
import type { CheckContext } from './check-context.ts';

/**
 * Checks that all kinds of batches that the SDK sends are accepted, and that an event that Customer.io never accepts is
 * refused by itself.
 */
export async function checkEvents(context: CheckContext): Promise<readonly Finding[]> {
  const { dry, samples, postEvents } = context;
  if (dry) return [skipInDryRun('events')];
  return [
    alias(await postEvents([samples.alias()])),
    many(`${MANY} events`, await postEvents(samples.many())),
    largest(await postEvents([samples.large()])),
    many('470 KB in a batch', await postEvents(samples.largeBatch())),
    undeliverable('too large refused', await postEvents([samples.large('too-large')])),
    undeliverable('unknown type refused', await postEvents([samples.event(UNKNOWN_TYPE)])),
    await isolated(context),
  ];
}

function alias(reply: Reply): Finding {
  if (isDelivered(reply)) return pass('alias', inWords(reply));
  return warning(
    'alias',
    inWords(reply),
    'Forward alias too, if your pages call it: the SDK drops an event that is refused while others pass.',
  );
}

function largest(reply: Reply): Finding {
  const name = 'event of 32 KB';
  if (isDelivered(reply)) return pass(name, inWords(reply));
  return fail(
    name,
    inWords(reply),
    'Take bodies of 500 KB, and events of 32 000 bytes: as much as Customer.io takes.',
  );
}

function many(name: string, reply: Reply): Finding {
  if (isDelivered(reply)) return pass(name, inWords(reply));
  const advice =
    'Take bodies of 500 KB and 100 events, or set delivery.maxBatchBytes and maxBatchEvents of the SDK.';
  // After 413 the SDK makes smaller batches. After any other error it sends this batch again, or looks for a faulty
  // event.
  const status = reply.kind === 'answer' && reply.status === 413 ? warning : fail;
  return status(name, inWords(reply), advice);
}

/**
 * Checks that an event is refused that Customer.io never accepts. If it is answered 2xx, 2xx proves nothing about other
 * events either.
 */
function undeliverable(name: string, reply: Reply): Finding {
  if (isDelivered(reply))
    return fail(
      name,
      inWords(reply),
      'Answer 2xx only after Customer.io has: wait for its answer, and ask for a true one with X-Strict-Mode: 1.',
    );
  if (isRefused(reply)) return pass(name, inWords(reply));
  return warning(
    name,
    inWords(reply),
    'Answer 400: the SDK then drops this event after two tries, and delivers the others.',
  );
}

async function isolated({ samples, postEvents }: CheckContext): Promise<Finding> {
  const name = 'one faulty event';
  const [good, bad] = [samples.event(), samples.event(UNKNOWN_TYPE)];
  const mixed = await postEvents([good, bad]);
  const outcome = outcomeOfReply(mixed);
  if (outcome.kind === 'delivered') {
    if (outcome.refused?.length === 1) return pass(name, 'named in the answer, the other one taken');
    return fail(
      name,
      `${inWords(mixed)} to a batch with one in it`,
      'Refuse the batch, and the SDK halves it until the faulty event is alone. After 2xx it forgets all of it.',
    );
  }
  const alone = await postEvents([good]);
  if (isDelivered(alone))
    return pass(name, `${inWords(mixed)}, then ${alone.kind === 'answer' ? alone.status : ''} without it`);
  return fail(
    name,
    `${inWords(alone)} to the other one too`,
    'Refuse only what is faulty: the others are lost with it.',
  );
}
