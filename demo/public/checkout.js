/** The checkout. */
import { readAccount, watchAccount } from './account.js';
import { track } from './analytics.js';
import { emptyCart, readCart } from './cart.js';
import { euro, properties } from './catalogue.js';
import { el, enable, picture } from './dom.js';
import { price, showTotals } from './order.js';
import { addOrder } from './orders.js';
import { sdk } from './sdk.js';

const form = document.getElementById('checkout');
const order = price(readCart());
const person = readAccount();

if (order.items.length === 0) location.replace('/cart');
// The name, the address and the cart on this page are one person's.
watchAccount((now) => {
  if (now?.id !== person?.id) location.reload();
});
if (person !== null) {
  form.elements.name.value = person.name;
  form.elements.email.value = person.email;
}
document
  .getElementById('brief')
  .replaceChildren(
    ...order.items.map(({ product, quantity, sum }) =>
      el(
        'li',
        {},
        picture(product.slug, 'art-brief'),
        el('span', {}, quantity === 1 ? product.name : `${quantity} × ${product.name}`),
        el('span', {}, euro(sum)),
      ),
    ),
  );
showTotals(order);

// Nothing is put before somebody who pays. A page that comes back from the back/forward cache has been left before.
sdk
  .then(({ messages }) => {
    messages.pause();
    window.addEventListener('pagehide', () => messages.resume());
    window.addEventListener('pageshow', ({ persisted }) => persisted && messages.pause());
  })
  // Without the SDK there are no messages.
  .catch(() => {});

const summary = { total: order.total, currency: 'EUR' };
if (order.items.length > 0) void track('Checkout Started', { ...summary, items: order.items.length });

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const id = `T-${Date.now().toString(36).toUpperCase()}`;
  void track('Order Placed', {
    order_id: id,
    ...summary,
    shipping: order.delivery,
    payment: new FormData(form).get('payment'),
    products: order.items.map(({ product, quantity }) => properties(product, quantity)),
  });
  addOrder({ id, total: order.total, at: new Date().toISOString() });
  emptyCart();
  // Nothing waits for the event: it is safe although this page ends now.
  location.assign(`/thanks?order=${id}`);
});
enable(form);
