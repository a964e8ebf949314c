/**
 * Prints what a visitor or a server loads first, minified and `gzip -9`, against the budgets of `build/files.ts`. Exits with 1 when
 * one is over, or when the sizes in the documentation are old. `--write` writes them.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import terser from '@rollup/plugin-terser';
import { rollup } from 'rollup';
import { formatted } from '../build/docs/page.ts';
import { hasSizes, PAGES_WITH_SIZES, withSizes } from '../build/docs/sizes.ts';
import { BUILT_FILES, type BuiltFile, type FileKind } from '../build/files.ts';

/** These are measured as they are; everything else as a bundler would put it into a program. */
const IS_MINIFIED: ReadonlySet<FileKind> = new Set([
  'consent-script',
  'script',
  'stub',
  'stub-es5',
  'browser-lazy',
]);

/** Bundles a program as a site would, and returns the code that its first load needs. */
async function firstLoad(program: string): Promise<string> {
  const entry = '\0program';
  const bundle = await rollup({
    input: entry,
    external: [/^node:/],
    plugins: [
      {
        name: 'program',
        resolveId: (id) => (id === entry ? id : null),
        load: (id) => (id === entry ? program : null),
      },
    ],
  });
  const { output } = await bundle.generate({
    format: 'es',
    plugins: [
      terser({ module: true, compress: { passes: 3, ecma: 2020 }, format: { comments: false, ecma: 2020 } }),
    ],
  });
  const chunks = output.filter((each) => each.type === 'chunk');
  const needed = new Set<string>();
  const need = (fileName: string): void => {
    if (needed.has(fileName)) return;
    needed.add(fileName);
    for (const next of chunks.find((chunk) => chunk.fileName === fileName)?.imports ?? []) need(next);
  };
  for (const chunk of chunks) if (chunk.isEntry) need(chunk.fileName);
  return chunks.flatMap((chunk) => (needed.has(chunk.fileName) ? [chunk.code] : [])).join('\n');
}

function codeOf({ file, kind }: BuiltFile, name: string): Promise<string> {
  const built = new URL(`../dist/${file}`, import.meta.url).pathname;
  if (IS_MINIFIED.has(kind)) return Promise.resolve(readFileSync(built, 'utf8'));
  const from = JSON.stringify(built);
  if (name === '*') return firstLoad(`export * from ${from};`);
  // Held by the global object, so that the bundler keeps it; consent sources are called, as pages do.
  const value = kind === 'consent' ? `${name}()` : name;
  return firstLoad(`import { ${name} } from ${from}; globalThis.used = ${value};`);
}

let isOver = false;
const measured = new Map<string, number>();
for (const row of BUILT_FILES) {
  for (const [name, budget] of Object.entries(row.budgets)) {
    const bytes = gzipSync(await codeOf(row, name), { level: 9 }).byteLength;
    isOver ||= bytes > budget;
    const what = name === '*' ? row.file : `${row.file} ${name}`;
    measured.set(what, bytes);
    const verdict = bytes > budget ? 'OVER' : 'ok';
    console.log(
      `${what.padEnd(30)} ${String(bytes).padStart(7)} B of ${String(budget).padStart(6)} B  ${verdict}`,
    );
  }
}
let isOld = false;
for (const file of PAGES_WITH_SIZES) {
  const page = { file, text: readFileSync(new URL(`../${file}`, import.meta.url), 'utf8') };
  const written = await formatted(withSizes(page, measured));
  if (process.argv.includes('--write')) writeFileSync(new URL(`../${file}`, import.meta.url), written.text);
  else if (!hasSizes(page, written)) {
    isOld = true;
    console.log(`${file}: the sizes are old: npm run size -- --write`);
  }
}
process.exitCode = isOver || isOld ? 1 : 0;
