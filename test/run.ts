/**
 * Runs suites of tests one after another, after one set-up for all of them: `tsx test/run.ts SUITE… [--install] [ARGUMENT…]`.
 * Arguments that name no suite go to the runner of the suite, which must then be the only one.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { install } from './support/setup/install.ts';
import { type Need, setUp } from './support/setup/setup.ts';

interface Suite {
  readonly needs: readonly Need[];
  /** Packages of `test/runtimes` and of `test/apps`, with the package as it was built. */
  readonly packages?: boolean;
  readonly command: readonly string[];
  /** Folders that the command runs when the arguments name no other path. */
  readonly folders?: readonly string[];
}

const vitest = (config: string): readonly string[] => [
  'vitest',
  'run',
  '--config',
  `test/${config}.config.ts`,
];

const SUITES: Readonly<Record<string, Suite>> = {
  unit: { needs: [], command: vitest('vitest'), folders: ['test/unit'] },
  integration: {
    needs: ['programs'],
    command: vitest('vitest'),
    folders: ['test/integration', 'test/simulation', 'test/docs', 'test/types'],
  },
  runtimes: { needs: ['programs', 'chromium'], command: vitest('runtimes') },
  browser: {
    needs: ['programs', 'chromium'],
    packages: true,
    command: ['playwright', 'test', '--config', 'test/playwright.config.ts'],
  },
  engines: { needs: ['programs', 'chromium'], command: vitest('engines') },
};

const ROOT = fileURLToPath(new URL('..', import.meta.url));

async function main(args: readonly string[]): Promise<number> {
  const names = args.filter((each) => each in SUITES);
  const more = args.filter((each) => !(each in SUITES) && each !== '--install');
  const suites = names.flatMap((name) => SUITES[name] ?? []);
  if (suites.length === 0 || (more.length > 0 && suites.length > 1)) {
    console.error(`Usage: tsx test/run.ts ${Object.keys(SUITES).join('|')}… [--install] [ARGUMENT…]`);
    return 2;
  }
  try {
    setUp(new Set(suites.flatMap(({ needs }) => needs)), args.includes('--install'));
  } catch (cause) {
    console.error((cause as Error).message);
    return 1;
  }
  if (suites.some(({ packages }) => packages)) {
    install(fileURLToPath(new URL('runtimes', import.meta.url)));
    await import('./support/build/build-apps.ts');
  }
  const hasPath = more.some((each) => !each.startsWith('-'));
  for (const { command, folders = [] } of suites) {
    const [stdio, shell] = ['inherit', process.platform === 'win32'] as const;
    const { status } = spawnSync('npx', [...command, ...(hasPath ? [] : folders), ...more], {
      cwd: ROOT,
      stdio,
      shell,
    });
    if (status !== 0) return status ?? 1;
  }
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
