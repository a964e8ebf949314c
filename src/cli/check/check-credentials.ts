import { errorPage } from '../../protocol/links.ts';
import { basicAuthorization, CLIENT_KEY_HEADER, inBytes } from '../../protocol/wire.ts';
import { inWords, isDelivered, isRefused, outcomeOfReply, type Reply } from './probe.ts';
import { fail, type Finding, pass, skip, warning } from './check-result.ts';
import { answersIn, type CheckContext } from './check-context.ts';

const UNKNOWN_KEY = 'cio-first-party-check-unknown-key';

/**
 * Checks that the client key is accepted and other keys are refused. The batches are empty, so that a key that passes
 * by mistake delivers nothing.
 */
export async function checkCredentials(context: CheckContext): Promise<readonly Finding[]> {
  const known = await context.postEvents([]);
  // The proxy checks the origin before the key: from a refused origin, nothing can be learned about keys.
  if (isRefusedOrigin(known)) return [originRefused(context, known)];
  const ask = (authorization: string | null): Promise<Reply> => context.postEvents([], { authorization });
  return [
    accepted(known),
    refused('wrong key refused', await ask(basicAuthorization(UNKNOWN_KEY))),
    refused('missing key refused', await ask(null)),
    alsoIn(
      CLIENT_KEY_HEADER,
      await context.postEvents([], {
        authorization: null,
        headers: { [CLIENT_KEY_HEADER]: inBytes(context.clientKey) },
      }),
    ),
    similar(await ask(basicAuthorization(`${context.clientKey}-other`))),
    prompt(context),
  ];
}

function isRefusedOrigin(reply: Reply): boolean {
  return reply.kind === 'answer' && reply.status === 403 && outcomeOfReply(reply).kind === 'unauthorized';
}

function originRefused({ origin }: CheckContext, reply: Reply): Finding {
  const advice = `Add ${origin} to the origins of the proxy (CIO_ORIGINS). More: ${errorPage('origin_not_allowed')}`;
  return fail('origin accepted', inWords(reply), advice, 'events');
}

function accepted(reply: Reply): Finding {
  const name = 'client key accepted';
  if (isDelivered(reply)) return pass(name, inWords(reply));
  if (reply.kind === 'answer' && (reply.status === 401 || reply.status === 403))
    return fail(
      name,
      inWords(reply),
      `Pass a client key of the proxy with --client-key. The SDK sends Authorization: Basic base64(key + ":"), without a password. More: ${errorPage('invalid_client_key')}`,
      'events',
    );
  const detail = `${inWords(reply)} to an empty batch`;
  // Any other answer is temporary: it may have changed when the SDK sends such a batch.
  if (!isRefused(reply))
    return warning(
      name,
      detail,
      'Return 200 for {"batch":[]}: the SDK sends an empty batch to find out whether the proxy works.',
    );
  return fail(
    name,
    detail,
    'Return 200 for {"batch":[]}. After a refused batch, the SDK sends an empty batch to find out whether the events or the URL is wrong. If the empty batch is refused too, the SDK keeps all events, and one faulty event blocks the others.',
  );
}

function refused(name: string, reply: Reply): Finding {
  if (reply.kind === 'answer' && reply.status === 401) return pass(name, inWords(reply));
  if (isDelivered(reply))
    return fail(
      name,
      inWords(reply),
      'Compare the key with your client keys: without this check, anybody can send events.',
    );
  if (isRefused(reply))
    return fail(
      name,
      inWords(reply),
      'Return 401: the SDK then reports a wrong key. Otherwise it reports that the URL accepts no batches.',
    );
  return warning(name, inWords(reply), 'Return 401: the SDK then reports a wrong key.');
}

function alsoIn(header: string, reply: Reply): Finding {
  const name = `key in ${header}`;
  if (isDelivered(reply)) return pass(name, inWords(reply));
  return skip(name, `${inWords(reply)}; only delivery.clientKeyHeader needs it`);
}

function similar(reply: Reply): Finding {
  const name = 'similar key refused';
  if (!isDelivered(reply)) return pass(name, inWords(reply));
  return warning(
    name,
    `${inWords(reply)} for a longer key that begins with this key`,
    'Compare whole keys: a withdrawn key would still pass as the beginning of a longer key.',
  );
}

/** Checks that a 401 does not make the browser ask the visitor for a password. */
function prompt(context: CheckContext): Finding {
  const name = 'no password prompt';
  const refusals = answersIn(context).filter(({ status }) => status === 401);
  if (refusals.length === 0) return skip(name, 'no response had status 401');
  const challenges = refusals.some((answer) =>
    /(^|,)\s*basic\b/i.test(answer.header('WWW-Authenticate') ?? ''),
  );
  if (!challenges) return pass(name, 'no WWW-Authenticate: Basic');
  return fail(
    name,
    'sent WWW-Authenticate: Basic',
    'Remove this header: it makes browsers ask the visitor for a password.',
  );
}
