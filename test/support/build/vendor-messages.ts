/** Builds Customer.io's SDK with its in-app plugin, whose message host is the published `customerio-gist-web`. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'vite';
import { CODE_HOST, RENDERER_HOST } from '../../../demo/pipelines/in-app/routes.ts';

/** The version whose hosts are listed in `hostsOf`. */
const VERSION = '3.26.0';

const SCRIPT = fileURLToPath(import.meta.resolve('customerio-gist-web'));

interface Host {
  readonly literal: string;
  /** How often the literal is in the published script: each host stands there for `prod`, two of them for `dev` as well. */
  readonly count: number;
  readonly standIn: string;
}

/**
 * The hosts are constants of the published script, and no option changes them. The stand-in is all of them: the page of the
 * renderer has the origin of the stand-in, so that origin is the one that the script accepts messages from.
 */
const hostsOf = (standIn: string): readonly Host[] => [
  { literal: '"https://code.gist.build"', count: 2, standIn: `"${standIn}"` },
  { literal: '"https://engine.api.gist.build"', count: 1, standIn: `"${standIn}${CODE_HOST}"` },
  { literal: '"https://consumer.cloud.gist.build"', count: 1, standIn: `"${standIn}"` },
  { literal: '"https://realtime.cloud.gist.build"', count: 1, standIn: `"${standIn}"` },
  { literal: '"https://renderer.gist.build/3.0"', count: 2, standIn: `"${standIn}${RENDERER_HOST}/3.0"` },
];

/** Replaces the hosts in the published script. Throws when the script is another one than the one that the list was made for. */
export function withHosts(script: string, standIn: string): string {
  let changed = script;
  for (const host of hostsOf(standIn)) {
    const parts = changed.split(host.literal);
    if (parts.length !== host.count + 1)
      throw new Error(`${host.literal} is ${parts.length - 1} times in gist-web, not ${host.count} times`);
    changed = parts.join(host.standIn);
  }
  return changed;
}

/** Builds `vendor.js`, and returns the folder. @param standIn the origin of the in-app service and of the renderer */
export async function buildVendorMessages(worker: number, standIn: string): Promise<string> {
  const outDir = fileURLToPath(new URL(`../../results/vendor-messages-${worker}`, import.meta.url));
  const manifest = readFileSync(new URL('../package.json', `file://${SCRIPT}`), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  if (version !== VERSION) throw new Error(`customerio-gist-web is ${version}, not ${VERSION}`);
  let isReplaced = false;
  const hosts: Plugin = {
    name: 'hosts-of-the-stand-in',
    enforce: 'pre',
    transform(code, id) {
      if (id.split('?', 1)[0] !== SCRIPT) return null;
      isReplaced = true;
      return withHosts(code, standIn);
    },
  };
  await build({
    configFile: false,
    logLevel: 'error',
    plugins: [hosts],
    define: { 'process.env.NODE_ENV': '"production"' },
    build: {
      outDir,
      emptyOutDir: true,
      minify: false,
      lib: {
        entry: fileURLToPath(new URL('../../apps/vendor-messages/main.ts', import.meta.url)),
        formats: ['iife'],
        name: 'vendor',
        fileName: () => 'vendor.js',
      },
    },
  });
  if (!isReplaced) throw new Error('The bundle has no customerio-gist-web');
  return outDir;
}
