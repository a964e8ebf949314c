/** The cart. */
import { track } from './analytics.js';
import { setQuantity, watchCart } from './cart.js';
import { euro, properties } from './catalogue.js';
import { el, picture } from './dom.js';
import { price, showTotals } from './order.js';

const list = document.getElementById('lines');
const empty = document.getElementById('empty');
const summary = document.getElementById('summary');

function change(product, quantity, by) {
  setQuantity(product.slug, quantity + by);
  void track(by > 0 ? 'Product Added' : 'Product Removed', properties(product, 1));
  document.querySelector(`[data-line="${product.slug}"][data-by="${by}"]`)?.focus();
}

function line({ product, quantity, sum }) {
  const step = (by, sign, words) =>
    el(
      'button',
      {
        type: 'button',
        'aria-label': `${words} ${product.name}`,
        'data-line': product.slug,
        'data-by': by,
        click: () => change(product, quantity, by),
      },
      sign,
    );
  return el(
    'li',
    { class: 'line' },
    picture(product.slug, 'art-line'),
    el(
      'div',
      { class: 'line-words' },
      el('a', { href: `/products/${product.slug}` }, product.name),
      el('span', { class: 'card-kind' }, product.kind),
    ),
    el(
      'div',
      { class: 'stepper' },
      step(-1, '−', quantity === 1 ? 'Remove' : 'One less'),
      el('span', {}, String(quantity)),
      step(1, '+', 'One more'),
    ),
    el('strong', { class: 'price' }, euro(sum)),
  );
}

watchCart((lines) => {
  const order = price(lines);
  list.replaceChildren(...order.items.map(line));
  empty.hidden = order.items.length > 0;
  summary.hidden = order.items.length === 0;
  showTotals(order);
});
