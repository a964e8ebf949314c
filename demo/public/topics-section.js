/** The topics that a person may subscribe to, of the account page. */
import { el } from './dom.js';
import { sdk } from './sdk.js';
import { whyNot } from './token-trouble.js';

export function showTopics(section) {
  const list = section.querySelector('[data-topics]');
  const words = section.querySelector('[data-words]');
  let loading = 0;

  function empty() {
    list.replaceChildren();
    words.textContent = '';
  }

  async function attempt(analytics, changes) {
    try {
      return await analytics.customer.subscriptions(changes);
    } catch ({ code }) {
      if (code !== 'identity-changed' && code !== 'anonymous') words.textContent = whyNot(code);
      return undefined;
    }
  }

  async function load(analytics) {
    loading += 1;
    const topics = await attempt(analytics);
    loading -= 1;
    if (topics === undefined) return;
    words.textContent = topics.length === 0 ? 'Customer.io has no topics for you.' : '';
    list.replaceChildren(
      ...topics.map(({ id, name, description, subscribed }) =>
        el(
          'label',
          { class: 'topic' },
          el('input', { type: 'checkbox', checked: subscribed, change: change(analytics, id, name) }),
          el('span', {}, el('strong', {}, name), description && el('span', { class: 'note' }, description)),
        ),
      ),
    );
  }

  const change =
    (analytics, id, name) =>
    async ({ target }) => {
      const { checked } = target;
      words.textContent = 'Saving …';
      // What comes back may still be the old state: Customer.io works changes off in its time.
      const saved = await attempt(analytics, { [id]: checked });
      if (saved === undefined) target.checked = !checked;
      else words.textContent = checked ? `You will hear of it: ${name}` : `No more of it: ${name}`;
    };

  async function follow(analytics) {
    let person = analytics.user().id() ?? null;
    const isEmpty = () => person !== null && list.childElementCount === 0 && loading === 0;
    analytics.on('identity', ({ userId }) => {
      person = userId;
      empty();
      if (person !== null) void load(analytics);
    });
    analytics.on('token', ({ type }) => {
      if (type === 'refreshed' && isEmpty()) void load(analytics);
    });
    if (person !== null) await load(analytics);
  }

  sdk.then(follow, () => {}).catch(reportError);
}
