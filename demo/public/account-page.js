/** Sign in, sign out, and what was ordered. */
import { signIn, signOut, watchAccount, watchOrders } from './account.js';
import { call, track } from './analytics.js';
import { el } from './dom.js';

const form = document.getElementById('sign-in');
const section = document.getElementById('person');
const orders = document.getElementById('orders');

watchAccount((person) => {
  form.hidden = person !== null;
  section.hidden = person === null;
  for (const name of ['name', 'email', 'id', 'season']) {
    section.querySelector(`[data-${name}]`).textContent = person?.[name] ?? '';
  }
});

watchOrders((list) => {
  document.getElementById('no-orders').hidden = list.length > 0;
  orders.replaceChildren(
    ...list.map(({ id, total, at }) =>
      el(
        'li',
        {},
        el('span', {}, id),
        el('span', {}, new Date(at).toLocaleDateString('en', { day: 'numeric', month: 'short' })),
        el('span', {}, `€${total}`),
      ),
    ),
  );
});

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const { id, name, email, season } = signIn(Object.fromEntries(new FormData(form)));
  void call('identify', id, { name, email, favourite_season: season });
  void track('Signed In', { method: 'name' });
  section.querySelector('h2').focus();
});

document.getElementById('sign-out').addEventListener('click', () => {
  void track('Signed Out');
  void call('anonymize');
  signOut();
});
