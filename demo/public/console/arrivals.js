/** The table of events that Customer.io has accepted, newest first. Everything in it is a visitor's text. */
import { el } from '../dom.js';
import { clock, duration, plural } from './words.js';

const ROWS = 200;
const LATE_MS = 5_000;

const table = document.getElementById('events');
const body = table.tBodies[0];
const empty = document.getElementById('no-events');
const announcement = document.getElementById('announcement');

/** Ids that have been in the table, so that one that comes twice can be told. */
const seen = new Set();
let unannounced = 0;

export function clearArrivals() {
  seen.clear();
  body.replaceChildren();
  table.hidden = true;
  empty.hidden = false;
}

export function addArrivals(events, areNew) {
  for (const event of events) {
    const added = row(event);
    if (areNew) added.classList.add('new');
    body.prepend(added);
  }
  while (body.rows.length > ROWS) body.lastElementChild.remove();
  table.hidden = body.rows.length === 0;
  empty.hidden = !table.hidden;
}

/** Reads aloud how many came, at most every two seconds. */
export function announceArrivals(events) {
  if (unannounced === 0) {
    setTimeout(() => {
      announcement.textContent = `${plural(unannounced, 'event')} arrived`;
      unannounced = 0;
    }, 2_000);
  }
  unannounced += events.length;
}

function row(event) {
  const late = Date.parse(event.receivedAt) - Date.parse(event.timestamp);
  const isRepeat = seen.has(event.messageId);
  seen.add(event.messageId);
  const details = el('pre', { hidden: true });
  const toggle = el(
    'button',
    {
      type: 'button',
      class: 'what',
      'aria-expanded': 'false',
      click: () => {
        details.hidden = !details.hidden;
        details.textContent ||= JSON.stringify(event, null, 2);
        toggle.setAttribute('aria-expanded', String(!details.hidden));
      },
    },
    el('span', { class: `type type-${event.type}` }, event.type),
    el('span', { class: 'name' }, nameOf(event)),
  );
  return el(
    'tr',
    { class: isRepeat && 'repeat' },
    el('td', { 'data-label': 'Arrived' }, clock(event.receivedAt)),
    el('td', { 'data-label': 'Who' }, who(event)),
    el('td', { class: 'what-cell' }, toggle, isRepeat && el('span', { class: 'badge' }, 'repeat'), details),
    el('td', { 'data-label': 'Happened' }, clock(event.timestamp)),
    el(
      'td',
      { 'data-label': 'Late by', class: late > LATE_MS ? 'number late' : 'number' },
      Number.isNaN(late) ? '?' : duration(Math.max(late, 0)),
    ),
  );
}

function nameOf(event) {
  const path = event.context?.page?.path;
  switch (event.type) {
    case 'track':
      return event.properties?.metric ? `${event.event}: ${event.properties.metric}` : event.event;
    case 'page':
    case 'screen':
      return event.name ?? event.properties?.title ?? path ?? '';
    case 'identify':
      return event.traits?.email ?? event.userId ?? '';
    case 'group':
      return event.groupId;
    default:
      return event.previousId ?? '';
  }
}

function who({ userId, anonymousId }) {
  return userId
    ? el('span', { class: 'known', title: userId }, userId)
    : el(
        'span',
        { class: 'anonymous', title: anonymousId ?? '' },
        `anonymous ${String(anonymousId ?? '').slice(0, 6)}`,
      );
}
