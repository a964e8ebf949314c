/** A product page. */
import { track } from './analytics.js';
import { addToCart } from './cart.js';
import { findProduct, properties } from './catalogue.js';
import { el, enable } from './dom.js';

const form = document.querySelector('.buy');
const added = document.querySelector('.added');
const product = findProduct(form.dataset.product);

void track('Product Viewed', properties(product));

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const quantity = Number(new FormData(form).get('quantity'));
  addToCart(product.slug, quantity);
  void track('Product Added', properties(product, quantity));
  const what = quantity === 1 ? product.name : `${quantity} × ${product.name}`;
  added.replaceChildren(`${what} is in your cart. `, el('a', { href: '/cart' }, 'Go to cart'));
});
enable(form);
