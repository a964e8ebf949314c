/** Who is signed in on this demo, and what they have ordered. There is no password and no server behind it. */
import { stored } from './stored.js';

const account = stored('tarn:account', null);
const orders = stored('tarn:orders', []);

export const watchAccount = account.watch;
export const readAccount = account.read;
export const watchOrders = orders.watch;

export function signIn({ name, email, season }) {
  const person = { id: idOf(email), name, email, season };
  account.write(person);
  return person;
}

export function signOut() {
  account.write(null);
  orders.write([]);
}

export function addOrder(order) {
  orders.write([order, ...orders.read()].slice(0, 20));
}

/** The same id for the same email, every time. FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/ */
function idOf(email) {
  let hash = 0x811c9dc5;
  for (const character of email.trim().toLowerCase()) {
    hash = Math.imul(hash ^ character.codePointAt(0), 0x01000193);
  }
  return `tarn-${(hash >>> 0).toString(36)}`;
}
