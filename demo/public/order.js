/** Cart lines with their products, and what they come to. */
import { euro, findProduct } from './catalogue.js';

const FREE_DELIVERY_FROM = 100;
const DELIVERY = 6;

export function price(lines) {
  const items = lines.flatMap(({ slug, quantity }) => {
    const product = findProduct(slug);
    return product === undefined ? [] : [{ product, quantity, sum: product.price * quantity }];
  });
  const goods = items.reduce((sum, item) => sum + item.sum, 0);
  const delivery = goods === 0 || goods >= FREE_DELIVERY_FROM ? 0 : DELIVERY;
  return { items, goods, delivery, total: goods + delivery };
}

export function showTotals({ goods, delivery, total }) {
  document.querySelector('[data-goods]').textContent = euro(goods);
  document.querySelector('[data-delivery]').textContent = delivery === 0 ? 'Free' : euro(delivery);
  document.querySelector('[data-total]').textContent = euro(total);
}
