/** What every page of the shop does: say which page it is, and show what is still on its way. */
import { call } from './analytics.js';
import { showBell } from './bell.js';
import { watchCart } from './cart.js';
import { showCount } from './count.js';
import { startReporting, watchReport } from './report.js';

const { page, category } = document.body.dataset;
// The planner's pages are drawn later, and each says its own name.
if (category !== 'planner') call('page', category, page);

const inCart = document.querySelector('[data-cart-count]');
watchCart((lines) => {
  const total = lines.reduce((sum, line) => sum + line.quantity, 0);
  showCount(inCart, total, total === 1 ? 'item' : 'items');
});
const bell = document.getElementById('bell');
if (bell !== null) showBell(bell);

const delivery = document.getElementById('delivery');
const strip = delivery.closest('.delivery');
const events = (number) => `${number} ${number === 1 ? 'event' : 'events'}`;

startReporting(() => {
  strip.dataset.state = 'missing';
  delivery.textContent = 'The SDK could not be loaded';
});

watchReport(({ stats, trouble }) => {
  if (stats === null || strip.dataset.state === 'missing') return;
  const { pending } = stats;
  const isHeldUp = pending > 0 && trouble !== null;
  strip.dataset.state = pending === 0 ? 'clear' : isHeldUp ? 'held-up' : 'waiting';
  const waiting = isHeldUp ? `${events(pending)} kept safe in this browser` : `${events(pending)} on the way`;
  const text = pending === 0 ? 'All events delivered' : waiting;
  if (delivery.textContent !== text) delivery.textContent = text;
});
