/** What the visitor is about to buy. A line is `{ slug, quantity }`. */
import { personal } from './personal.js';

const cart = personal('cart', []);

export const readCart = cart.read;
export const watchCart = cart.watch;
export const emptyCart = () => cart.write([]);

export function addToCart(slug, quantity) {
  const lines = cart.read();
  const had = lines.find((line) => line.slug === slug)?.quantity ?? 0;
  const others = lines.filter((line) => line.slug !== slug);
  cart.write([...others, { slug, quantity: Math.min(had + quantity, 99) }]);
}

export function setQuantity(slug, quantity) {
  const lines = cart.read();
  cart.write(
    quantity === 0
      ? lines.filter((line) => line.slug !== slug)
      : lines.map((line) => (line.slug === slug ? { slug, quantity } : line)),
  );
}

/** What was put into the cart before signing in goes along. */
export function takeCartAlong() {
  const before = cart.of(null);
  const lines = before.read();
  before.write([]);
  for (const { slug, quantity } of lines) addToCart(slug, quantity);
}
