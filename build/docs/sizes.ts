/** The table of sizes in `README.md` and `docs/performance.md`, between `<!-- begin: sizes -->` and `<!-- end: sizes -->`. */
import { type Page, withBlock } from './page.ts';

export const PAGES_WITH_SIZES: readonly string[] = ['README.md', 'docs/performance.md'];

/** The rows of the table, and the names under which `npm run size` prints their files. */
const ROWS: readonly (readonly [text: string, measured: string])[] = [
  ['`import { createAnalytics }`', 'index.js createAnalytics'],
  ['script tag `cio.js`', 'cio.js'],
  ['one consent source, such as `oneTrust`', 'consent.js oneTrust'],
];
/** The wrapped SDK, as three bundlers build it. These numbers change only with its version. */
const SCALE = '| for scale: `@customerio/cdp-analytics-browser` | 27.0 kB to 71.5 kB, by bundler |';
/** Versions of Node compress the same text to slightly different lengths. */
const TOLERANCE_KB = 0.1;

const kilobytes = (bytes: number): string => (bytes / 1_000).toFixed(1);

/** Writes the sizes into the table, and into the sentence of the README that names the first. */
export function withSizes(page: Page, bytesOf: ReadonlyMap<string, number>): Page {
  const sizes = ROWS.map(([text, measured]) => [text, kilobytes(bytesOf.get(measured) ?? Number.NaN)]);
  const rows = sizes.map(([text, size]) => `| ${text} | ${size} kB |`);
  const table = ['| file | compressed (gzip) |', '| --- | --- |', ...rows, SCALE].join('\n');
  const { file, text } = withBlock(page, 'sizes', table);
  return { file, text: text.replace(/(?<=\*\*Small\.\*\* )[\d.]+/, sizes[0]?.[1] ?? '') };
}

/** Whether the sizes of a page are right. `written`: the same page with the sizes of today. */
export function hasSizes(page: Page, written: Page): boolean {
  const [old, today] = [page, written].map(({ text }) => Array.from(text.matchAll(/([\d.]+) kB/g), sizeIn));
  return (
    old?.length === today?.length &&
    (old ?? []).every((size, index) => Math.abs(size - (today?.[index] ?? 0)) <= TOLERANCE_KB + 1e-9)
  );
}

const sizeIn = ([, digits]: RegExpMatchArray): number => Number(digits);
