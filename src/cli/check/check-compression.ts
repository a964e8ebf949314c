import { inWords, isDelivered, isRefused } from './probe.ts';
import { fail, type Finding, pass, warning } from './check-result.ts';
import { answersIn, type CheckContext } from './check-context.ts';

/** Checks whether compressed batches are accepted. A proxy need not accept them, unless it has announced it. */
export async function checkCompression(context: CheckContext): Promise<readonly Finding[]> {
  const name = 'gzip';
  const announced = answersIn(context).some((answer) =>
    /\bgzip\b/i.test(answer.header('Accept-Encoding') ?? ''),
  );
  const { dry, samples, postEvents } = context;
  const reply = await postEvents(dry ? [] : [samples.event()], { gzip: true });
  const detail = `${announced ? 'announced' : 'not announced'}, ${inWords(reply)}`;
  if (announced && isDelivered(reply)) return [pass(name, detail)];
  if (isDelivered(reply))
    return [
      warning(
        name,
        detail,
        'Send Accept-Encoding: gzip with every response: until then the SDK sends uncompressed batches.',
      ),
    ];
  if (!announced)
    return [
      warning(
        name,
        detail,
        'Nothing to do: the SDK sends uncompressed batches. Compressed batches have a fraction of the bytes.',
      ),
    ];
  if (isRefused(reply))
    return [
      warning(
        name,
        detail,
        'Remove Accept-Encoding: gzip, or accept compressed bodies: a server refuses them. The SDK sends the first such batch twice, and then no compressed batch in that browser.',
      ),
    ];
  return [
    fail(
      name,
      detail,
      'Remove Accept-Encoding: gzip, or decompress such bodies: the SDK relies on this header, and treats this response as an outage.',
    ),
  ];
}
