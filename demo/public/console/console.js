/** Joins the parts of the live console, and follows the server's stream. */
import { addArrivals, announceArrivals, clearArrivals } from './arrivals.js';
import { followBrowser, history, isNetworkOff, pendingNow } from './browser.js';
import { drawChart, markBroken } from './chart.js';
import { showMessages } from './messages.js';
import { showSwitches } from './switches.js';
import { drawTokens, showTokens } from './tokens.js';
import { bytes, plural } from './words.js';

const find = (selector) => document.querySelector(selector);
const set = (selector, text) => {
  find(selector).textContent = text;
};
let faults = { proxy: 'up', upstream: 200, latencyMs: 0 };

function redraw() {
  const isProxyReached = faults.proxy === 'up' && !isNetworkOff();
  find('#link-proxy').dataset.state = isProxyReached ? 'whole' : 'broken';
  const slow = faults.latencyMs > 0 ? 'slow' : 'whole';
  find('#link-upstream').dataset.state = faults.upstream === 200 ? slow : 'broken';
  find('#proxy').dataset.state = faults.proxy === 'up' ? 'fine' : 'broken';
  find('#upstream').dataset.state = faults.upstream === 200 ? 'fine' : 'broken';
  find('#browser').dataset.network = isNetworkOff() ? 'off' : 'on';
  markBroken(!isProxyReached || faults.upstream !== 200);
  drawChart(history(), pendingNow());
  drawTokens();
}

function showState(state) {
  const { upstream, traffic } = state;
  faults = state.faults;
  showSwitches(faults);
  showTokens(state.tokens);
  showMessages(state.messages);
  set('[data-requests]', traffic.requests.toLocaleString('en'));
  set('[data-bytes]', `${bytes(traffic.bytes)} from browsers`);
  set('[data-failed]', failures(traffic));
  find('[data-failed]').classList.toggle('trouble', !isFine(traffic.latest));
  set('[data-accepted]', upstream.accepted.toLocaleString('en'));
  set('[data-received]', `${plural(upstream.requests, 'request')}, ${bytes(upstream.bytes)}`);
  set('[data-kind]', upstream.kind === 'stand-in' ? 'Played by a stand-in' : new URL(upstream.url).host);
  redraw();
}

function isFine(status) {
  return status === null || (status >= 200 && status < 300);
}

function failures({ failed, latest }) {
  if (failed === 0) return '';
  const count = `${failed.toLocaleString('en')} failed`;
  if (isFine(latest)) return `${count} earlier`;
  return latest === 0 ? `${count}, the latest was cut off` : `${count}, the latest answer was ${latest}`;
}

const stream = new EventSource('/console/stream');
const connection = find('#connection');
stream.addEventListener('open', () => {
  connection.textContent = 'Live';
  connection.dataset.state = 'live';
});
stream.addEventListener('error', () => {
  connection.textContent = 'Connecting';
  connection.dataset.state = 'lost';
});
stream.addEventListener('snapshot', ({ data }) => {
  const { events, ...state } = JSON.parse(data);
  clearArrivals();
  addArrivals(events, false);
  showState(state);
});
stream.addEventListener('events', ({ data }) => {
  const events = JSON.parse(data);
  addArrivals(events, true);
  announceArrivals(events);
});
stream.addEventListener('state', ({ data }) => showState(JSON.parse(data)));

find('#clear').addEventListener('click', () => void fetch('/console/events', { method: 'DELETE' }));
followBrowser(redraw);
setInterval(redraw, 1_000);
window.addEventListener('resize', redraw);
