import { type ProbeAnswer, inWords, isDelivered, isRefused, outcomeOfReply } from './probe.ts';
import { retryAfterMs } from '../../sdk/sender/retry-timing.ts';
import { fail, type Finding, pass, skip, skipInDryRun, warning } from './check-result.ts';
import { answersIn, type CheckContext } from './check-context.ts';

/** Checks that error answers tell the SDK what is wrong, and when to try again. */
export async function checkErrors(context: CheckContext): Promise<readonly Finding[]> {
  return [await unreadable(context), bodies(answersIn(context)), retryAfter(answersIn(context))];
}

async function unreadable({ dry, post }: CheckContext): Promise<Finding> {
  const name = 'broken JSON refused';
  if (dry) return skipInDryRun(name);
  const reply = await post('{"batch":[');
  if (isRefused(reply)) return pass(name, inWords(reply));
  if (outcomeOfReply(reply).kind === 'unauthorized')
    return skip(name, `${inWords(reply)} before the body was read`);
  return isDelivered(reply)
    ? fail(name, inWords(reply), 'Return 400: otherwise the events of a truncated body are lost.')
    : warning(name, inWords(reply), 'Return 400: after 5xx the SDK sends the same body again.');
}

function bodies(answers: readonly ProbeAnswer[]): Finding {
  const name = 'error bodies';
  const errors = answers.filter(({ status }) => status >= 400);
  if (errors.length === 0) return skip(name, 'no response was an error');
  // Preflights have no body, and the SDK reads the bodies of 401 and 403 only.
  const uncoded = errors.filter(({ text }) => text !== '' && !saysError(text));
  if (uncoded.length === 0) return pass(name, 'JSON with "error"');
  const statuses = [...new Set(uncoded.map(({ status }) => status))].join(', ');
  return warning(name, `${statuses}: not JSON with "error"`, 'Return {"error":"a_code","message":"…"}.');
}

function saysError(text: string): boolean {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null && 'error' in body;
  } catch {
    return false;
  }
}

function retryAfter(answers: readonly ProbeAnswer[]): Finding {
  const name = 'Retry-After';
  const busy = answers.filter(({ status }) => status === 429 || status === 503);
  if (busy.length === 0) return skip(name, 'no response had status 429 or 503');
  if (busy.some((answer) => answer.header(name) === null))
    return warning(
      name,
      'missing on 429 or 503',
      'Send Retry-After: without it, the SDK waits between 1 s and 5 min.',
    );
  const understood = busy.every(({ header }) => retryAfterMs({ get: header }, Date.now()));
  if (!understood)
    return warning(name, 'not usable', 'Send seconds, 1 or more, or an HTTP date in the future.');
  return pass(name, `on all ${busy.length} responses with 429 or 503`);
}
