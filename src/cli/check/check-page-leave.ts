import { ACK_COOKIE_PREFIX, ACK_HEADER } from '../../protocol/wire.ts';
import { inWords, isDelivered } from './probe.ts';
import { type Finding, pass, skip, warning } from './check-result.ts';
import type { CheckContext } from './check-context.ts';

const REQUEST_NAME = 'ciofirstpartycheck';

/**
 * Checks that the answer to the last request of a page reaches the next page, as a cookie: the next page then need not
 * send the events again.
 */
export async function checkPageLeave(context: CheckContext): Promise<readonly Finding[]> {
  const name = 'cookie for the next page';
  const { dry, isCrossOrigin, samples, postEvents } = context;
  if (isCrossOrigin) return [skip(name, 'pages of another origin cannot read it')];
  const reply = await postEvents(dry ? [] : [samples.event()], { headers: { [ACK_HEADER]: REQUEST_NAME } });
  if (!isDelivered(reply) || reply.kind === 'failure') return [skip(name, inWords(reply))];
  const cookie = `${ACK_COOKIE_PREFIX}${REQUEST_NAME}=1`;
  if (reply.header('Set-Cookie')?.includes(cookie)) return [pass(name, 'in the response')];
  return [
    warning(
      name,
      `no ${ACK_COOKIE_PREFIX}… in the response`,
      'Let the header Set-Cookie of the proxy pass. Without the cookie, the next page sends the events of the last request again after 5 s, and the proxy must recognise repeated events.',
    ),
  ];
}
