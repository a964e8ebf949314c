/** What has been ordered on this browser, by whoever is signed in. */
import { personal } from './personal.js';

const orders = personal('orders', []);

export const watchOrders = orders.watch;

export function addOrder(order) {
  orders.write([order, ...orders.read()].slice(0, 20));
}
