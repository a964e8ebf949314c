/** Sign in, sign out, and what is only for the person who is signed in. */
import { signIn, signOut, watchAccount } from './account.js';
import { call, track } from './analytics.js';
import { takeCartAlong } from './cart.js';
import { el } from './dom.js';
import { showInbox } from './inbox-section.js';
import { watchOrders } from './orders.js';
import { showTopics } from './topics-section.js';

const find = (id) => document.getElementById(id);
const form = find('sign-in');
const person = find('person');
const orders = find('orders');
const trouble = find('sign-in-trouble');

watchAccount((who) => {
  // What somebody has typed is not for whoever is next.
  form.reset();
  form.hidden = who !== null;
  for (const id of ['person', 'inbox', 'topics']) find(id).hidden = who === null;
  for (const name of ['name', 'email', 'id', 'season']) {
    person.querySelector(`[data-${name}]`).textContent = who?.[name] ?? '';
  }
});

watchOrders((list) => {
  find('no-orders').hidden = list.length > 0;
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

if ('inbox' in document.body.dataset) showInbox(find('inbox'));
if ('topics' in document.body.dataset) showTopics(find('topics'));

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void enter(event.submitter);
});

async function enter(submitter) {
  trouble.textContent = '';
  submitter.disabled = true;
  try {
    const { id, name, email, season } = await signIn(Object.fromEntries(new FormData(form)));
    takeCartAlong();
    void call('identify', id, { name, email, favourite_season: season });
    void track('Signed In', { method: 'name' });
    person.querySelector('h2').focus();
  } catch (error) {
    trouble.textContent = error.message;
  }
  submitter.disabled = false;
}

find('sign-out').addEventListener('click', () => {
  void track('Signed Out');
  void call('anonymize');
  signOut();
  find('sign-in-title').focus();
});
