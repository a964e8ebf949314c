import { mkdirSync, writeFileSync } from 'node:fs';
import type { Plugin } from 'rollup';
import license from 'rollup-plugin-license';

const bundled = new Map<string, string>();

/** Names the licence in each bundle, and writes the full licences of all bundled packages into one file. */
export function notices(version: string): Plugin {
  const plugin = license({
    thirdParty(dependencies) {
      for (const each of dependencies) {
        const holder = each.author?.name ?? each.repository;
        const head = [
          `${each.name} ${each.version} (${each.license})`,
          typeof holder === 'string' ? holder : holder?.url,
        ];
        bundled.set(`${each.name} ${each.version}`, [...head, '', each.licenseText ?? ''].join('\n').trim());
      }
      mkdirSync('dist', { recursive: true });
      const texts = [...bundled].sort(([one], [other]) => one.localeCompare(other)).map(([, text]) => text);
      writeFileSync('dist/THIRD-PARTY-NOTICES.txt', `${texts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`);
    },
  });
  const { renderChunk } = plugin;
  return {
    ...plugin,
    banner: `/*! cio-first-party ${version} | MIT | THIRD-PARTY-NOTICES.txt */\n`,
    // The plugin of the licences changes no code, but returns a source map with one mapping for each character, which makes
    // the map of index.js twice as large. `null` tells Rollup that the code and its map stay as they are.
    renderChunk(...chunk) {
      if (typeof renderChunk === 'function') void renderChunk.apply(this, chunk);
      return null;
    },
  };
}
