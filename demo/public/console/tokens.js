/** What becomes of customer tokens: the server says what its login and its proxy did, the browser what it made of it. */
import { el } from '../dom.js';
import { TOKENS } from '../report-keys.js';
import { clock, duration, plural } from './words.js';

const STEPS = 8;

const FAILURES = {
  provider_error: 'an error',
  provider_timeout: 'no answer in time',
  not_provided: 'no token',
  subject_mismatch: 'somebody else’s',
  expired: 'expired',
  invalid: 'no good',
};
const LOGIN = { failing: 'failed', null: 'gave nothing' };
const ASKED = {
  initial: 'for a page that came',
  identify: 'for a new identity',
  expired: 'after the last had ended',
  rejected: 'after the proxy refused the last',
  manual: 'because the person insisted',
};
const SERVER_STEPS = {
  'signed-in': () => 'signed in',
  'signed-out': () => 'signed out',
  issued: ({ detail }) => `a token was issued, ${ASKED[detail] ?? detail}`,
  renewed: () => 'a token was renewed ahead of time',
  withheld: ({ detail }) => `the login ${LOGIN[detail] ?? detail}`,
  refused: ({ detail }) => `the proxy refused the token: ${detail}`,
};
const BROWSER_STEPS = {
  provider_timeout: () => 'the login took too long',
  subject_mismatch: () => 'the token was somebody else’s, and was not sent',
  expired: () => 'the token has ended',
  blocked: ({ retryAtMs, at }) =>
    `the breaker opened for ${duration(Math.round((retryAtMs - at) / 1_000) * 1_000)}`,
  clock_suspect: () => 'the token looked old by a clock that may be wrong',
};
const TROUBLE = new Set([
  'withheld',
  'refused',
  'provider_timeout',
  'subject_mismatch',
  'expired',
  'blocked',
]);

const find = (id) => document.getElementById(id);
const body = find('people').tBodies[0];
let told = { people: [], steps: [], answers: { events: {}, private: {} } };

/** Takes what the server says. */
export function showTokens(report) {
  told = report;
  const last = report.steps.at(-1);
  if (last?.kind === 'refused') announce(words(last));
  drawTokens();
}

/** Draws it as it is now: times run down. */
export function drawTokens() {
  const { people: seen = {}, steps: heard = [] } = read();
  const isEmpty = told.people.length === 0;
  for (const id of ['people', 'token-life']) find(id).hidden = isEmpty;
  find('no-people').hidden = !isEmpty;
  keep(
    body,
    told.people.toReversed().map((person) => row(person, seen[person.id])),
  );
  const known = new Set(told.people.map(({ id }) => id));
  const steps = [...told.steps, ...heard.filter(({ id, kind }) => known.has(id) && kind in BROWSER_STEPS)]
    .toSorted((a, b) => b.at - a.at)
    .reduce(together, [])
    .slice(0, STEPS);
  keep(find('token-steps'), steps.map(stepLine));
  keep(find('token-answers'), [
    answers('to events', told.answers.events),
    answers('to private calls', told.answers.private),
  ]);
}

window.addEventListener('storage', ({ key }) => {
  if (key === TOKENS) drawTokens();
});

function row({ id, name, issued, ahead, refused, refusedFor, accepted }, browser) {
  const now = stateOf(browser);
  const isOpen = browser?.state === 'blocked' && browser.retryAtMs > Date.now();
  const failures = browser?.failures ?? 0;
  return el(
    'tr',
    { 'data-person': id },
    el(
      'td',
      { class: 'token-who' },
      el('strong', { title: id }, name),
      el('span', { class: 'note' }, `${plural(accepted, 'private call')} let through`),
    ),
    el('td', { 'data-label': 'Token' }, el('span', { class: `token-state ${now.kind}` }, now.words)),
    el('td', { 'data-label': 'Issued' }, String(issued)),
    el('td', { 'data-label': 'Renewed ahead' }, String(ahead)),
    el('td', { 'data-label': 'Login failed' }, counted(failures, FAILURES[browser?.failure])),
    el('td', { 'data-label': 'Proxy refused' }, counted(refused, refusedFor)),
    el(
      'td',
      { 'data-label': 'Breaker' },
      isOpen
        ? el('span', { class: 'token-state bad' }, `open, ${left(browser.retryAtMs)}`)
        : el('span', { class: 'token-state' }, 'closed'),
    ),
  );
}

/** What the page that spoke last has in hand. */
function stateOf(browser) {
  const { state, expiresAtMs, retryAtMs } = browser ?? { state: 'unknown' };
  const isOver = expiresAtMs !== undefined && expiresAtMs <= Date.now();
  if (state === 'unknown') return { kind: '', words: 'none yet' };
  if (state === 'gone' || state === 'anonymous') return { kind: '', words: 'none: signed out' };
  if (expiresAtMs !== undefined && !isOver && state !== 'expired') {
    return { kind: 'good', words: `good for ${left(expiresAtMs)}` };
  }
  if (state === 'blocked' && retryAtMs > Date.now()) return { kind: 'bad', words: 'none: left alone' };
  if (retryAtMs > Date.now()) return { kind: 'warn', words: `none: asks in ${left(retryAtMs)}` };
  if (isOver) return { kind: 'warn', words: 'ended' };
  return { kind: 'warn', words: 'none' };
}

const left = (at) => duration(Math.max(Math.ceil((at - Date.now()) / 1_000), 0) * 1_000);

const counted = (count, reason) =>
  count === 0 ? '0' : [`${count.toLocaleString('en')} `, reason && el('span', { class: 'note' }, reason)];

/** What happens again and again at once is one line. */
function together(lines, step) {
  const last = lines.at(-1);
  if (last && words(last) === words(step) && last.at - step.at < 1_000) last.times += 1;
  else lines.push({ ...step, times: 1 });
  return lines;
}

function stepLine(step) {
  return el(
    'li',
    { class: TROUBLE.has(step.kind) && 'trouble' },
    el('time', {}, clock(new Date(step.at).toISOString())),
    el('span', {}, words(step), step.times > 1 && el('span', { class: 'note' }, ` ${step.times} times`)),
  );
}

function words(step) {
  const name = told.people.find(({ id }) => id === step.id)?.name ?? 'Somebody';
  return `${name}: ${(SERVER_STEPS[step.kind] ?? BROWSER_STEPS[step.kind])(step)}`;
}

function answers(what, counts) {
  const list = Object.entries(counts).toSorted(([a], [b]) => a.localeCompare(b));
  return el(
    'div',
    {},
    el('dt', {}, what),
    el(
      'dd',
      {},
      list.length === 0
        ? 'nothing yet'
        : list.map(([answer, count]) =>
            el(
              'span',
              { class: answer.startsWith('2') ? 'answer' : 'answer trouble' },
              `${answer} × ${count.toLocaleString('en')}`,
            ),
          ),
    ),
  );
}

/** Only what is new is put into the page, so that what somebody reads or has selected stays. */
function keep(parent, children) {
  const before = [...parent.children];
  if (before.length === children.length && before.every((each, i) => each.isEqualNode(children[i]))) return;
  parent.replaceChildren(...children);
}

function announce(text) {
  const announcement = find('token-announcement');
  if (announcement.textContent !== text) announcement.textContent = text;
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(TOKENS)) ?? {};
  } catch {
    return {};
  }
}
