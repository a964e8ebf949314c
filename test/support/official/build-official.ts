/** Builds the page with Customer.io's own SDK, in the oldest or the newest version that is supported. */
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

export const VERSIONS = ['oldest', 'newest'] as const;
export type OfficialVersion = (typeof VERSIONS)[number];

const SDK = '@customerio/cdp-analytics-browser';
/** `cdp-oldest` is an alias of package.json for the oldest version. */
const PACKAGES: Readonly<Record<OfficialVersion, string>> = { newest: SDK, oldest: 'cdp-oldest' };

const root = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/**
 * Builds `official.js` with its lazy files, as a site's bundler does. Returns the folder. `worker`: who runs
 * the tests, because each has a folder of its own.
 */
export async function buildOfficial(worker: number | string, version: OfficialVersion): Promise<string> {
  const outDir = root(`test/results/official-${version}-${worker}`);
  await build({
    configFile: false,
    logLevel: 'error',
    base: '/app/',
    build: {
      outDir,
      emptyOutDir: true,
      minify: false,
      rollupOptions: {
        input: root('test/apps/official/main.ts'),
        output: { entryFileNames: 'official.js' },
        // Customer.io's SDK names exports that its own types alone have.
        onwarn: () => undefined,
      },
    },
    resolve: { alias: { [SDK]: root(`node_modules/${PACKAGES[version]}`) } },
    plugins: [
      {
        name: 'by-its-exports',
        // Before the resolver of Vite, which would find a copy of the package that an earlier run has installed for `test/apps`.
        enforce: 'pre',
        // Resolves the package as an app that has installed it does: through the `exports` of package.json.
        resolveId: (id) =>
          id === 'cio-first-party/official' ? fileURLToPath(import.meta.resolve(id)) : null,
      },
    ],
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  return outDir;
}
