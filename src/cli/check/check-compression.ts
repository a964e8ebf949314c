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
        'Say so with Accept-Encoding: gzip on every answer; batches are plain until then.',
      ),
    ];
  if (!announced)
    return [
      warning(name, detail, 'Nothing to do: batches are plain. Packed, they have a fraction of the bytes.'),
    ];
  if (isRefused(reply))
    return [
      warning(
        name,
        detail,
        'Leave out Accept-Encoding: gzip, or let packed bodies pass: something refuses them. The SDK sends the first such batch twice, and stays plain in that browser.',
      ),
    ];
  return [
    fail(
      name,
      detail,
      'Leave out Accept-Encoding: gzip, or read it: the SDK believes it, and takes this answer for an outage.',
    ),
  ];
}
