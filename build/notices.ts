import { mkdirSync, writeFileSync } from 'node:fs';
import type { Plugin } from 'rollup';
import license from 'rollup-plugin-license';

const bundled = new Map<string, string>();

/** Names the licence in each bundle, and writes the full licences of all bundled packages into one file. */
export const notices = (version: string): Plugin =>
  license({
    banner: {
      commentStyle: 'ignored',
      content: `cio-first-party ${version} | MIT | bundles the packages listed in THIRD-PARTY-NOTICES.txt`,
    },
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
