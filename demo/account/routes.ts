/** Where the shop's pages sign in, sign out, and get a customer token for whoever is signed in. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FaultSwitches } from '../faults.ts';
import { type Checks, oneOf, readAllFields, text } from '../fields.ts';
import { parseJson, readBody, sendJson } from '../http.ts';
import type { Login } from './login.ts';
import { createShoppers, SEASONS, type Shopper } from './people.ts';
import { isSameOrigin } from './same-origin.ts';
import { createSessions } from './sessions.ts';
import type { TokenLife } from './token-life.ts';

export interface AccountNeeds {
  readonly login: Login;
  readonly life: TokenLife;
  readonly switches: Pick<FaultSwitches, 'current'>;
  /** Somebody is here for the first time. */
  readonly welcome: (shopper: Shopper) => void;
}

/** Answers a request to one of these routes; `false` when the path is none of them. */
export type AccountRoutes = (
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<boolean>;

interface Question {
  /** Whose token it has to be. */
  readonly userId: string;
  readonly reason: string;
}

const METHODS: Readonly<Record<string, readonly string[]>> = {
  '/account/session': ['POST', 'DELETE'],
  '/account/token': ['POST'],
};
const MOST_BODY_BYTES = 5_000;

const SIGN_IN: Checks<Omit<Shopper, 'id'>> = {
  name: text(100),
  email: {
    expects: 'an email address of at most 200 characters',
    accepts: (value): value is string =>
      typeof value === 'string' && value.length <= 200 && /^\S+@\S+$/.test(value.trim()),
  },
  season: oneOf(...SEASONS),
};
const QUESTION: Checks<Question> = {
  userId: text(200),
  reason: oneOf('initial', 'identify', 'due', 'expired', 'rejected', 'manual'),
};

export function createAccountRoutes({ login, life, switches, welcome }: AccountNeeds): AccountRoutes {
  const shoppers = createShoppers();
  const sessions = createSessions();

  async function signIn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const given = await readJson(request, response, SIGN_IN);
    if (given === undefined) return;
    const { shopper, isNew } = shoppers.enter(given);
    if (isNew) welcome(shopper);
    const cookie = sessions.begin(request, shopper);
    life.signedIn(shopper);
    sendJson(response, 200, { person: shopper }, { 'Set-Cookie': cookie });
  }

  function signOut(request: IncomingMessage, response: ServerResponse): void {
    const shopper = sessions.find(request);
    response.writeHead(204, { 'Cache-Control': 'no-store', 'Set-Cookie': sessions.end(request) }).end();
    if (shopper) life.signedOut(shopper);
  }

  async function giveToken(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = await readJson(request, response, QUESTION);
    if (asked === undefined) return;
    const shopper = sessions.find(request);
    if (shopper === undefined) return refuse(response, 401, 'signed_out', 'Nobody is signed in');
    // The page may not know yet that another one has signed somebody else in.
    if (shopper.id !== asked.userId) {
      return refuse(response, 403, 'somebody_else', 'Somebody else is signed in on this browser');
    }
    const faults = switches.current();
    const given = await login.tokenFor(shopper.id, faults);
    if (given) life.issued(shopper, given.token, asked.reason);
    else life.withheld(shopper, faults.login);
    if (given === undefined) return refuse(response, 503, 'login_failed', 'The login was told to fail');
    sendJson(response, 200, given ?? { token: null });
  }

  return async (path, request, response) => {
    const methods = METHODS[path];
    if (methods === undefined) return false;
    const { method = '' } = request;
    if (!methods.includes(method)) {
      refuse(response, 405, 'method_not_allowed', `${method} is not for this path`, {
        Allow: methods.join(', '),
      });
    } else if (!isSameOrigin(request)) {
      refuse(response, 403, 'other_origin', 'Only pages of this shop may ask this');
    } else if (method === 'DELETE') signOut(request, response);
    else if (path === '/account/session') await signIn(request, response);
    else await giveToken(request, response);
    return true;
  };
}

function refuse(
  response: ServerResponse,
  status: number,
  error: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  sendJson(response, status, { error, message }, headers);
}

/** The fields of the body; `undefined` when it was wrong, and that has been answered. */
async function readJson<T extends object>(
  request: IncomingMessage,
  response: ServerResponse,
  checks: Checks<T>,
): Promise<T | undefined> {
  // A form of another site can send anything but this. https://fetch.spec.whatwg.org/#cors-safelisted-request-header
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
    refuse(response, 415, 'unsupported_media_type', 'Content-Type must be application/json');
    return undefined;
  }
  const body = await readBody(request, MOST_BODY_BYTES);
  if (body === undefined) {
    refuse(response, 413, 'body_too_large', `The body must not exceed ${MOST_BODY_BYTES} bytes`);
    return undefined;
  }
  const read = readAllFields(parseJson(body.toString()), checks);
  if (read.ok) return read.fields;
  refuse(response, 400, 'invalid_body', read.message);
  return undefined;
}
