/** Who is signed in on this browser, as the shop's server has said. The session itself is a cookie that no script can read. */
import { stored } from './stored.js';

const account = stored('tarn:account', null);

export const watchAccount = account.watch;
export const readAccount = account.read;

/** Rejects, in words for the person, when the server does not sign them in. */
export async function signIn({ name, email, season }) {
  const response = await ask('POST', { name, email, season }).catch(() => {
    throw new Error('The shop’s server does not answer. Is the network on?');
  });
  const { person, message } = await response.json();
  if (!response.ok) throw new Error(message);
  account.write(person);
  return person;
}

/** Here at once, and on the server as soon as it hears of it. */
export function signOut() {
  forgetAccount();
  // Without network the session lasts a day at most, and nothing here asks it for a token.
  ask('DELETE').catch(() => {});
}

/** The server has no session any more. */
export function forgetAccount() {
  account.write(null);
}

function ask(method, body) {
  return fetch('/account/session', {
    method,
    keepalive: true,
    ...(body && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
  });
}
