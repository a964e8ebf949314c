/** The messages of the account page and behind the bell. Everything in one is somebody's text. */
import { ago } from './ago.js';
import { el } from './dom.js';
import { askAgain, markAsRead, markAsUnread, remove, watchInbox } from './inbox.js';
import { whyNot } from './token-trouble.js';

const STATES = { loading: 'Fetching your messages …', ready: 'No messages: it is quiet out here.' };
const AGO_MS = 30_000;

export function showInbox(section) {
  const part = (name) => section.querySelector(`[data-${name}]`);
  const [list, trouble, told] = ['messages', 'trouble', 'told'].map(part);
  const heading = section.querySelector('h2');
  let failure = null;
  let topic = null;
  let latest;

  function draw(box) {
    latest = box;
    const { state, messages: all, code } = box;
    const topics = [...new Set(all.flatMap((each) => each.topics ?? []))];
    if (!topics.includes(topic)) topic = null;
    drawFilters(topics);
    const messages = topic === null ? all : all.filter((each) => each.topics?.includes(topic));
    const sorted = messages.toSorted((a, b) => b.sentAt.localeCompare(a.sentAt));
    const unread = messages.filter(({ opened }) => !opened).length;
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset : undefined;
    list.replaceChildren(...sorted.map(item));
    if (focused) focusOn(focused.of, focused.does);
    part('unread').textContent = unread > 0 ? `${unread} unread` : '';
    part('words').textContent = messages.length === 0 ? (STATES[state] ?? '') : '';
    const why = failure ?? (state === 'failed' ? `Your messages cannot be fetched. ${whyNot(code)}` : null);
    trouble.hidden = why === null || state === 'nobody';
    if (part('why').textContent !== why) part('why').textContent = why ?? '';
  }

  /** A button for each topic, where there is more than one. */
  function drawFilters(topics) {
    const filters = part('filters');
    const shown = topics.length > 1 ? [null, ...topics.toSorted()] : [];
    const focused = filters.contains(document.activeElement);
    filters.hidden = shown.length === 0;
    filters.replaceChildren(
      ...shown.map((each) =>
        el(
          'button',
          { type: 'button', 'aria-pressed': String(each === topic), click: () => choose(each) },
          each ?? 'All',
        ),
      ),
    );
    if (focused) (filters.querySelector('[aria-pressed=true]') ?? heading).focus();
  }

  function choose(next) {
    topic = next;
    draw(latest);
  }

  function item({ id, opened, sentAt, properties }) {
    const { title = 'A message', body = '', link, linkText } = properties;
    const act = (does, words, run) =>
      el(
        'button',
        {
          type: 'button',
          class: 'plain',
          'aria-label': `${words}: ${title}`,
          'data-of': id,
          'data-does': does,
          click: () => void run(id, String(title)),
        },
        words,
      );
    return el(
      'li',
      { class: opened ? 'message' : 'message unread' },
      el(
        'div',
        { class: 'message-head' },
        el('h3', {}, !opened && el('span', { class: 'visually-hidden' }, 'Unread: '), String(title)),
        el('time', { datetime: sentAt, title: new Date(sentAt).toLocaleString('en') }, ago(sentAt)),
      ),
      el('p', {}, String(body)),
      el(
        'p',
        { class: 'message-actions' },
        // A message may only lead into this shop.
        /^\/(?!\/)/.test(link) &&
          el('a', { href: link, 'data-of': id, 'data-does': 'open' }, String(linkText)),
        opened ? act('unread', 'Mark as unread', unread) : act('read', 'Mark as read', read),
        act('delete', 'Delete', drop),
      ),
    );
  }

  /** On the same button, or what is left of that message, or the heading. */
  function focusOn(id, does) {
    const own = [...list.querySelectorAll('[data-of]')].filter((each) => each.dataset.of === id);
    (own.find((each) => each.dataset.does === does) ?? own.at(-1) ?? heading).focus();
  }

  async function read(id, title) {
    await attempt(() => markAsRead(id), `Marked as read: ${title}`, 'That was not marked as read.');
  }

  async function unread(id, title) {
    await attempt(() => markAsUnread(id), `Marked as unread: ${title}`, 'That was not marked as unread.');
  }

  async function drop(id, title) {
    const items = [...list.querySelectorAll('[data-does="delete"]')].map((each) => each.dataset.of);
    const at = items.indexOf(id);
    const next = items[at + 1] ?? items[at - 1];
    const done = attempt(() => remove(id), `Deleted: ${title}`, 'That was not deleted.');
    focusOn(next, 'delete');
    await done;
  }

  /** The list has changed when this returns; where the proxy does not take it, it changes back. */
  async function attempt(run, success, words) {
    failure = null;
    try {
      await run();
      told.textContent = success;
    } catch ({ code }) {
      if (code === 'identity-changed' || code === 'anonymous') return;
      failure = `${words} ${whyNot(code)}`;
      trouble.hidden = false;
      part('why').textContent = failure;
    }
  }

  part('again').addEventListener('click', () => {
    failure = null;
    trouble.hidden = true;
    heading.focus();
    void askAgain();
  });
  watchInbox((box) => {
    if (box.state !== 'ready' && box.state !== 'failed') failure = null;
    draw(box);
  });
  setInterval(() => {
    for (const time of list.querySelectorAll('time')) time.textContent = ago(time.dateTime);
  }, AGO_MS);
}
