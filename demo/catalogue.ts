/** What the shop sells. */

export type Category = 'shelter' | 'kitchen' | 'carry' | 'way';

export interface Product {
  /** Also its address and its picture. */
  readonly slug: string;
  readonly name: string;
  readonly kind: string;
  readonly category: Category;
  /** In euro. */
  readonly price: number;
  readonly summary: string;
  readonly story: string;
  readonly facts: Readonly<Record<string, string>>;
}

export const CATEGORIES: Readonly<Record<Category, string>> = {
  shelter: 'Shelter',
  kitchen: 'Kitchen',
  carry: 'Carry',
  way: 'Light and way',
};

export const PRODUCTS: readonly Product[] = [
  {
    slug: 'lee',
    name: 'Lee',
    kind: 'Two-person tent',
    category: 'shelter',
    price: 389,
    summary: 'Stands in four minutes, and stays standing.',
    story:
      'Two poles, two doors and a flysheet that goes up first, so the inside is dry when you crawl into it. Lee was drawn for the windward side of the valley and is happiest when nobody else is out.',
    facts: { Weight: '1.9 kg', Sleeps: '2', Seasons: '3' },
  },
  {
    slug: 'glim',
    name: 'Glim',
    kind: 'Lantern',
    category: 'way',
    price: 49,
    summary: 'Forty hours of warm light from one charge.',
    story:
      'A low, warm light that leaves your night vision alone. Turn the base to dim it; hang it by the handle; fold it flat when the morning comes.',
    facts: { Weight: '240 g', Light: '5 to 180 lumens', Runs: '40 h' },
  },
  {
    slug: 'brim',
    name: 'Brim',
    kind: 'Enamel mug',
    category: 'kitchen',
    price: 18,
    summary: 'Coffee first. Then the map.',
    story:
      'Two coats of enamel over pressed steel, with a rolled rim that does not burn your lip. It chips in time, and looks better for it.',
    facts: { Weight: '130 g', Holds: '380 ml', 'Goes on': 'fire, gas, induction' },
  },
  {
    slug: 'scree',
    name: 'Scree 38',
    kind: 'Rucksack',
    category: 'carry',
    price: 165,
    summary: 'A weekend on your back, and you forget that it is there.',
    story:
      'One big space, one lid, one pocket. The back panel is cut for walking uphill, the straps for coming down again. Waxed cotton where it rubs, nylon where it does not.',
    facts: { Weight: '1.1 kg', Holds: '38 l', Back: 'two lengths' },
  },
  {
    slug: 'beck',
    name: 'Beck 0.7',
    kind: 'Vacuum flask',
    category: 'kitchen',
    price: 34,
    summary: 'Tea at noon that you made at six.',
    story:
      'Double steel walls and a lid that is also a cup. Opens with one hand in a glove, and closes with a click that you can hear in the wind.',
    facts: { Weight: '390 g', Holds: '0.7 l', 'Keeps hot': '18 h' },
  },
  {
    slug: 'heath',
    name: 'Heath',
    kind: 'Wool blanket',
    category: 'shelter',
    price: 95,
    summary: 'For the last hour by the fire.',
    story:
      'Woven from the wool of one flock on looms older than all of us. Heavy enough to sit on, soft enough to sleep under, and it does not mind a spark.',
    facts: { Weight: '1.4 kg', Size: '180 × 140 cm', Wool: '100 %' },
  },
  {
    slug: 'cinder',
    name: 'Cinder',
    kind: 'Gas stove',
    category: 'kitchen',
    price: 72,
    summary: 'Half a litre boils in two and a half minutes.',
    story:
      'Folds into a fist, screws onto any canister, and keeps its flame low when the beans want it low. The pot stands still even on a stone that does not.',
    facts: { Weight: '96 g', 'Boils 0.5 l': '2 min 30 s', Fuel: 'screw canister' },
  },
  {
    slug: 'lode',
    name: 'Lode',
    kind: 'Brass compass',
    category: 'way',
    price: 39,
    summary: 'Needs no battery, no signal, no update.',
    story:
      'A jewelled needle in a brass case that you will hand on one day. It settles in three seconds and has been right since before there were satellites.',
    facts: { Weight: '85 g', Accuracy: '± 1°', Case: 'solid brass' },
  },
];

export function findProduct(slug: string): Product | undefined {
  return PRODUCTS.find((product) => product.slug === slug);
}

export function euro(amount: number): string {
  return `€${amount}`;
}
