/** The life of messages: the server knows what Customer.io was told, and the browser knows what its pages have shown. */
import { el } from '../dom.js';
import { MESSAGES } from '../report-keys.js';
import { clock, plural } from './words.js';

const KINDS = { modal: 'Modal', banner: 'Inline banner', broadcast: 'Broadcast' };

const find = (id) => document.getElementById(id);
const panel = find('messages');
const body = panel.querySelector('tbody');
const form = find('queue-message');
const select = find('message-person');
let told = { lives: [], people: [] };

/** Takes what the server says; null: it plays no Customer.io, and so it knows nothing of messages. */
export function showMessages(report) {
  panel.hidden = report === null;
  if (report === null) return;
  told = report;
  const options = told.people.map(({ id, name }) => el('option', { value: id }, name));
  if (options.length > 0 && options.length !== select.querySelectorAll('[value]:not([value=""])').length) {
    const chosen = select.value;
    select.replaceChildren(...options);
    select.value = told.people.some(({ id }) => id === chosen) ? chosen : told.people.at(-1).id;
  }
  for (const control of [select, ...form.querySelectorAll('button:not([value=broadcast])')]) {
    control.disabled = options.length === 0;
  }
  form.querySelector('[value=broadcast]').disabled = false;
  draw();
}

function draw() {
  const notes = read();
  const rows = told.lives.map((life) =>
    row(
      life,
      notes.filter((note) => idOf(note) === idOf(life)),
    ),
  );
  const before = [...body.children];
  // Only what is new is put into the page, so that what somebody reads or has selected stays.
  if (before.length === rows.length && before.every((each, i) => each.isEqualNode(rows[i]))) return;
  body.replaceChildren(...rows);
}

/** A prefix of the id tells the renderer how to behave, and changes with the switch. */
const idOf = ({ messageId }) => messageId.replace(/^V\d[\w-]*?--/, '');

function row({ queueId, kind, title, person, queuedMs, streams, seen, opened, clicked }, notes) {
  const last = notes.at(-1);
  return el(
    'tr',
    { 'data-message': queueId },
    el(
      'td',
      { class: 'what-cell' },
      el('span', { class: `kind kind-${kind}` }, KINDS[kind]),
      el('span', { class: 'name' }, title),
    ),
    el(
      'td',
      { 'data-label': 'For' },
      person ? el('span', { class: 'known', title: person.id }, person.name) : 'everybody',
    ),
    el(
      'td',
      { 'data-label': 'Queued' },
      time(queuedMs),
      streams > 0 && note(`pushed to ${plural(streams, 'page')}`),
    ),
    shown(
      notes.filter(({ type }) => type === 'shown'),
      last?.type === 'error' ? last : undefined,
      seen,
    ),
    cell('Opened', opened.count, opened.atMs),
    cell('Clicked', clicked.count, clicked.atMs, clicked.name),
    dismissed(notes.filter(({ type }) => type === 'dismissed')),
  );
}

function shown(times, error, seen) {
  if (error) {
    return el(
      'td',
      { 'data-label': 'Shown', 'data-state': 'error' },
      el('span', { class: 'trouble' }, 'error'),
      note(clock(error.at)),
    );
  }
  return cell('Shown', times.length, times.at(-1)?.at, seen.count > 0 && 'seen');
}

const dismissed = (times) => cell('Closed', times.length, times.at(-1)?.at);

function cell(label, count, at, words) {
  if (count === 0 && !words) return el('td', { 'data-label': label, class: 'not-yet' }, '–');
  return el(
    'td',
    { 'data-label': label, 'data-state': 'done' },
    count > 0 && time(at),
    count > 1 && note(`${count} times`),
    words && note(words),
  );
}

const time = (at) => el('time', {}, clock(new Date(at).toISOString()));
const note = (words) => el('span', { class: 'note' }, words);

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void queue(event.submitter);
});

async function queue({ value: kind, textContent }) {
  const userId = kind === 'broadcast' ? null : select.value;
  const answer = await fetch('/console/messages', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ kind, userId }),
  }).catch(() => null);
  find('message-announcement').textContent = answer?.ok ? `Queued: ${textContent}` : 'That was not queued.';
}

window.addEventListener('storage', ({ key }) => {
  if (key === MESSAGES) draw();
});

function read() {
  try {
    return JSON.parse(localStorage.getItem(MESSAGES)) ?? [];
  } catch {
    return [];
  }
}
