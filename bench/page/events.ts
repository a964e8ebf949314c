/** The events that every candidate tracks: a shop's, with six properties. */
export interface BenchEvent {
  readonly name: string;
  readonly properties: {
    readonly product_id: string;
    readonly name: string;
    readonly category: string;
    readonly price: number;
    readonly quantity: number;
    /** The event's number, by which the servers know it again. */
    readonly position: number;
  };
}

const CATEGORIES = ['Kitchen', 'Garden', 'Office', 'Travel', 'Toys & Games'];
const THINGS = ['Kettle', 'Lamp', 'Notebook', 'Backpack', 'Puzzle', 'Spade', 'Mug', 'Chair', 'Clock'];
const NAMES = ['Product Viewed', 'Product Added', 'Product Removed', 'Product Shared'];

const pick = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

/** Always the same event for the same number, with as much variety as a shop's catalogue has. */
export function eventNumber(number: number): BenchEvent {
  const product = (number * 7_919) % 997;
  return {
    name: pick(NAMES, number),
    properties: {
      product_id: `sku-${100_000 + product * 31}`,
      name: `${pick(THINGS, product)} No. ${product}`,
      category: pick(CATEGORIES, product),
      price: (product * 37 + 499) / 100,
      quantity: 1 + (number % 3),
      position: number,
    },
  };
}
