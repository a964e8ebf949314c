import { basicAuthorization, CLIENT_KEY_HEADER, inBytes } from '../../protocol/wire.ts';
import { inWords, isDelivered, isRefused, outcomeOfReply, type Reply } from './probe.ts';
import { fail, type Finding, pass, skip, warning } from './result.ts';
import { answersIn, type CheckContext } from './context.ts';

const UNKNOWN_KEY = 'cio-first-party-check-unknown-key';

/** Whether the client key passes and others do not. Asked with empty batches: what passes by mistake delivers nothing. */
export async function checkCredentials(scene: CheckContext): Promise<readonly Finding[]> {
  const known = await scene.postEvents([]);
  // Judged before the key is, so that nothing is learned of keys.
  if (isForeign(known)) return [foreign(scene, known)];
  const ask = (authorization: string | null): Promise<Reply> => scene.postEvents([], { authorization });
  return [
    accepted(known),
    refused('wrong key refused', await ask(basicAuthorization(UNKNOWN_KEY))),
    refused('missing key refused', await ask(null)),
    alsoIn(
      CLIENT_KEY_HEADER,
      await scene.postEvents([], {
        authorization: null,
        headers: { [CLIENT_KEY_HEADER]: inBytes(scene.clientKey) },
      }),
    ),
    similar(await ask(basicAuthorization(`${scene.clientKey}-other`))),
    prompt(scene),
  ];
}

function isForeign(reply: Reply): boolean {
  return reply.kind === 'answer' && reply.status === 403 && outcomeOfReply(reply).kind === 'unauthorized';
}

function foreign({ origin }: CheckContext, reply: Reply): Finding {
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
  // Other answers are weather, and may be over when the SDK asks.
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

function prompt(scene: CheckContext): Finding {
  const name = 'no password prompt';
  const refusals = answersIn(scene).filter(({ status }) => status === 401);
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
