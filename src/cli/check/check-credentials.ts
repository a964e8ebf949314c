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
  const advice = `Add ${origin} to the origins of the proxy.`;
  return fail('origin accepted', inWords(reply), advice, 'events');
}

function accepted(reply: Reply): Finding {
  const name = 'client key accepted';
  if (isDelivered(reply)) return pass(name, inWords(reply));
  if (reply.kind === 'answer' && (reply.status === 401 || reply.status === 403))
    return fail(
      name,
      inWords(reply),
      'Give the key that the proxy expects. It comes as Basic base64(key + ":"), without a password.',
      'events',
    );
  const detail = `${inWords(reply)} to an empty batch`;
  // Any other answer is temporary: it may have changed when the SDK sends such a batch.
  if (!isRefused(reply))
    return warning(
      name,
      detail,
      'Answer 200 to {"batch":[]}: it is how the SDK asks whether the proxy is there.',
    );
  return fail(
    name,
    detail,
    'Answer 200 to {"batch":[]}. When a batch is refused, the SDK asks so whether its events or the address is at fault: where this is refused too, it keeps all events, and one faulty event holds up the others.',
  );
}

function refused(name: string, reply: Reply): Finding {
  if (reply.kind === 'answer' && reply.status === 401) return pass(name, inWords(reply));
  if (isDelivered(reply))
    return fail(name, inWords(reply), 'Compare the key with those that you know: anybody can send events.');
  if (isRefused(reply))
    return fail(
      name,
      inWords(reply),
      'Answer 401: the SDK then says that the key is wrong, and otherwise that the address takes no batches.',
    );
  return warning(name, inWords(reply), 'Answer 401: the SDK then says that the key is wrong.');
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
    `${inWords(reply)} to the key with something behind it`,
    'Compare whole keys: a key that has to be withdrawn cannot be while all that begin like it pass.',
  );
}

/** Checks that a 401 does not make the browser ask the visitor for a password. */
function prompt(context: CheckContext): Finding {
  const name = 'no password prompt';
  const refusals = answersIn(context).filter(({ status }) => status === 401);
  if (refusals.length === 0) return skip(name, 'nothing was answered 401');
  const challenges = refusals.some((answer) =>
    /(^|,)\s*basic\b/i.test(answer.header('WWW-Authenticate') ?? ''),
  );
  if (!challenges) return pass(name, 'no WWW-Authenticate: Basic');
  return fail(
    name,
    'answered WWW-Authenticate: Basic',
    'Leave it out: browsers ask the visitor for a password then.',
  );
}
