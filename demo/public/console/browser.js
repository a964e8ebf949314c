/** The first station: what this browser still holds, as the shop's pages wrote it down. */
import { el } from '../dom.js';
import { FLUSH, HISTORY, REPORT } from '../report-keys.js';
import { duration, plural } from './words.js';

const NETWORK = 'demo:network';
const SHOWN = 5;

const section = document.getElementById('browser');
const part = (name) => section.querySelector(`[data-${name}]`);
const network = document.getElementById('network');
const flush = document.getElementById('flush');

const read = (key, fallback) => {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? fallback;
  } catch {
    return fallback;
  }
};

export const history = () => read(HISTORY, []);
export const isNetworkOff = () => localStorage.getItem(NETWORK) === 'off';

let report = read(REPORT, null);
let tabs = 0;

function tabWords() {
  if (report === null) return 'No shop has been open here yet';
  if (tabs > 0) return `Shop open in ${plural(tabs, 'tab')}`;
  return report.stats?.pending > 0 ? 'Tab closed: they wait on disk' : 'Tab closed';
}

function troubleWords() {
  const { trouble, stats } = report ?? {};
  if (!trouble || !stats?.pending) return '';
  if (trouble.kind === 'blocked') return 'Something blocks the requests; it will try again later';
  const cause = trouble.status === 0 ? 'no answer' : `answer ${trouble.status}`;
  if (tabs === 0) return `Last try: ${cause}`;
  const left = trouble.nextAt - Date.now();
  return `${cause[0].toUpperCase()}${cause.slice(1)}; ${left > 0 ? `tries again in ${duration(Math.ceil(left / 1_000) * 1_000)}` : 'trying again'}`;
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function draw() {
  const pending = report?.stats?.pending ?? 0;
  const waiting = report?.waiting ?? [];
  setText(part('pending'), pending.toLocaleString('en'));
  setText(part('tabs'), tabWords());
  setText(part('trouble'), troubleWords());
  section.dataset.state = pending > 0 ? 'waiting' : 'clear';
  // A wait that the proxy asked for is kept, whoever presses what.
  const isTold = report?.trouble?.status > 0 && report.trouble.nextAt > Date.now();
  flush.disabled = tabs === 0 || pending === 0 || isTold;
  network.setAttribute('aria-checked', String(!isNetworkOff()));
  const shown = pending === 0 ? [] : waiting.slice(-SHOWN);
  const more = pending - shown.length;
  const labels = [...shown];
  if (shown.length > 0 && more > 0) labels.push(`${more} more`);
  const list = part('waiting');
  if (list.textContent !== labels.join(''))
    list.replaceChildren(...labels.map((label) => el('li', {}, label)));
}

/** The shop's pages hold a lock for as long as they are open. */
async function countTabs() {
  const { held = [] } = (await navigator.locks?.query()) ?? {};
  tabs = held.filter(({ name }) => name === 'demo:shop').length;
  draw();
}

/** Begins to follow the shop; calls back when the network switch or the pending number has changed. */
export function followBrowser(onChange) {
  window.addEventListener('storage', ({ key }) => {
    if (key !== REPORT && key !== NETWORK) return;
    report = read(REPORT, null);
    draw();
    onChange();
  });
  network.addEventListener('click', () => {
    localStorage.setItem(NETWORK, isNetworkOff() ? 'on' : 'off');
    draw();
    onChange();
  });
  flush.addEventListener('click', () => localStorage.setItem(FLUSH, String(Date.now())));
  setInterval(() => void countTabs(), 1_000);
  void countTabs();
}

export const pendingNow = () => report?.stats?.pending ?? 0;
