/** Builds what the tests need besides `dist`. */
import { cpSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build as esbuild } from 'esbuild';
import { build, type InlineConfig } from 'vite';

const RESULTS = fileURLToPath(new URL('../../results/', import.meta.url));

const QUIET: InlineConfig = { configFile: false, logLevel: 'error' };

/** Builds the single-page app, which imports the package by its name. Returns the folder. */
export async function buildSpa(worker: number): Promise<string> {
  const outDir = `${RESULTS}spa-${worker}`;
  await buildApp(fileURLToPath(new URL('../../apps/spa/', import.meta.url)), outDir);
  return outDir;
}

/** Builds an app whose pages are below `/app/`. The app imports this package by its name. */
export async function buildApp(root: string, outDir: string): Promise<void> {
  await build({
    ...QUIET,
    root,
    base: '/app/',
    build: { outDir, emptyOutDir: true },
    plugins: [
      {
        name: 'by-its-exports',
        // Resolves the package as an app that has installed it does: through the `exports` of package.json.
        resolveId: (id) => (id === 'cio-first-party' ? fileURLToPath(import.meta.resolve(id)) : null),
      },
    ],
  });
}

/** Builds the wrapped SDK as its makers publish it, set up to send to this origin. Returns the folder. */
export const buildOriginal = (worker: number): Promise<string> => buildVendor('original', worker);

/** Builds the wrapped SDK as its makers publish it, with `AnalyticsBrowser` on `window`. Returns the folder. */
export const buildVendorWeb = (worker: number): Promise<string> => buildVendor('vendor-web', worker);

async function buildVendor(name: 'original' | 'vendor-web', worker: number): Promise<string> {
  const outDir = `${RESULTS}${name}-${worker}`;
  await build({
    ...QUIET,
    build: {
      outDir,
      emptyOutDir: true,
      minify: false,
      lib: {
        entry: fileURLToPath(new URL(`../../apps/${name}/main.ts`, import.meta.url)),
        formats: ['iife'],
        name: name.replace('-', '_'),
        fileName: () => `${name}.js`,
      },
    },
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  return outDir;
}

/** Builds a browser extension that Chromium can load from `folder`. Returns the folder. */
export async function buildExtension(folder: string): Promise<string> {
  const sources = fileURLToPath(new URL('../../extension/', import.meta.url));
  rmSync(folder, { recursive: true, force: true });
  await esbuild({
    entryPoints: [`${sources}content.ts`, `${sources}worker.ts`],
    outdir: folder,
    bundle: true,
    minify: true,
    // A content script is a classic script, not a module.
    format: 'iife',
    target: 'es2022',
    logLevel: 'error',
  });
  cpSync(`${sources}manifest.json`, `${folder}/manifest.json`);
  return folder;
}
