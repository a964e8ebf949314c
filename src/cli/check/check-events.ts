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
    'Accept bodies of 500 KB and events of 32 000 bytes, as Customer.io does.',
  );
}

function many(name: string, reply: Reply): Finding {
  if (isDelivered(reply)) return pass(name, inWords(reply));
  const advice =
    'Accept bodies of 500 KB and 100 events, or set delivery.maxBatchBytes and delivery.maxBatchEvents of the SDK.';
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
      'Return 2xx only after Customer.io has accepted the batch: send it the header X-Strict-Mode: 1, and wait for its response.',
    );
  if (isRefused(reply)) return pass(name, inWords(reply));
  return warning(
    name,
    inWords(reply),
    'Return 400: the SDK then drops this event after two attempts, and delivers the others.',
  );
}

async function isolated({ samples, postEvents }: CheckContext): Promise<Finding> {
  const name = 'one faulty event';
  const [good, bad] = [samples.event(), samples.event(UNKNOWN_TYPE)];
  const mixed = await postEvents([good, bad]);
  const outcome = outcomeOfReply(mixed);
  if (outcome.kind === 'delivered') {
    if (outcome.refused?.length === 1) return pass(name, 'named in the response, the other event accepted');
    return fail(
      name,
      `${inWords(mixed)} for a batch with one faulty event`,
      'Refuse the batch: the SDK then halves it until the faulty event is alone. After 2xx the SDK deletes the whole batch.',
    );
  }
  const alone = await postEvents([good]);
  if (isDelivered(alone))
    return pass(
      name,
      `${inWords(mixed)}, then ${alone.kind === 'answer' ? alone.status : ''} without the faulty event`,
    );
  return fail(
    name,
    `${inWords(alone)} for the other event too`,
    'Refuse only the faulty event: the SDK drops all events of the batch otherwise.',
  );
}
