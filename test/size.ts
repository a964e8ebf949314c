/** Prints what a visitor loads first, minified and gzip -9, against the budget of each entry; exits with 1 when one is over. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import terser from '@rollup/plugin-terser';
import { rollup } from 'rollup';

const KB = 1_000;

/** Bundles a program as a site would, and gives the code that its first load needs. */
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

const dist = (file: string): string => JSON.stringify(new URL(`../dist/${file}`, import.meta.url).pathname);

const bundles = [
  {
    name: 'import { createAnalytics }',
    budget: 17.9 * KB,
    code: await firstLoad(
      `import { createAnalytics } from ${dist('index.js')}; window.create = createAnalytics;`,
    ),
  },
  ...(await Promise.all(
    (
      [
        ['oneTrust', 1.6 * KB],
        ['*', 5.3 * KB],
      ] as const
    ).map(async ([name, budget]) => ({
      name: `consent: ${name}`,
      budget,
      code: await firstLoad(
        name === '*'
          ? `export * from ${dist('consent.js')};`
          : `import { ${name} } from ${dist('consent.js')}; window.consent = ${name}();`,
      ),
    })),
  )),
  { name: 'dist/cio.js', budget: 18.4 * KB, code: readFileSync('dist/cio.js', 'utf8') },
  { name: 'dist/cio-stub.js', budget: 0.5 * KB, code: readFileSync('dist/cio-stub.js', 'utf8') },
  {
    name: 'cio-first-party/proxy',
    budget: 27 * KB,
    code: await firstLoad(
      `import { createProxy } from ${dist('proxy.js')}; globalThis.create = createProxy;`,
    ),
  },
  {
    name: 'proxy: createForwarder',
    budget: 8 * KB,
    code: await firstLoad(
      `import { createForwarder } from ${dist('proxy.js')}; globalThis.create = createForwarder;`,
    ),
  },
  {
    name: 'cio-first-party/nats',
    budget: 3.5 * KB,
    code: await firstLoad(`export * from ${dist('nats.js')};`),
  },
  {
    name: 'cio-first-party/redis',
    budget: 2.5 * KB,
    code: await firstLoad(`export * from ${dist('redis.js')};`),
  },
  ...(await Promise.all(
    (
      [
        ['proxy-tokens.js', 13.1 * KB],
        ['proxy-private.js', 5.6 * KB],
        ['proxy-rate-limit.js', 1.5 * KB],
        ['proxy-shared-claims.js', 1.5 * KB],
        ['proxy-metrics.js', 1.5 * KB],
      ] as const
    ).map(async ([file, budget]) => ({
      name: `lazy: dist/${file}`,
      budget,
      code: await firstLoad(`export * from ${dist(file)};`),
    })),
  )),
  ...(
    [
      ['cio-left-behind.js', 2.4 * KB],
      ['cio-lease.js', 1 * KB],
      ['cio-choices.js', 5.5 * KB],
      ['cio-middleware.js', 7 * KB],
      ['cio-mistakes.js', 1 * KB],
      ['cio-pages.js', 1.1 * KB],
      ['cio-plugins.js', 2 * KB],
      ['cio-private.js', 10.5 * KB],
      ['cio-recovery.js', 4 * KB],
      ['cio-trace.js', 1 * KB],
    ] as const
  ).map(([file, budget]) => ({
    name: `lazy: dist/${file}`,
    budget,
    code: readFileSync(`dist/${file}`, 'utf8'),
  })),
];

let over = false;
for (const { name, budget, code } of bundles) {
  const bytes = gzipSync(code, { level: 9 }).byteLength;
  over ||= bytes > budget;
  const verdict = bytes > budget ? 'OVER' : 'ok';
  console.log(
    `${name.padEnd(30)} ${String(bytes).padStart(7)} B of ${String(budget).padStart(6)} B  ${verdict}`,
  );
}
process.exitCode = over ? 1 : 0;
