/** Installs what the chosen suites need and this machine lacks, once for all of them. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findChromium, findHeadlessShell } from './chromium.ts';
import { APT_INSTALL, decide, type Missing, PLAYWRIGHT_INSTALL, type Situation } from './decide.ts';
import { missingPackages } from './programs.ts';

/** What a suite needs from outside of npm. */
export type Need = 'programs' | 'chromium';

function missing(needs: ReadonlySet<Need>): Missing {
  const browser = needs.has('chromium');
  const chromium = browser && !findChromium();
  return {
    packages: needs.has('programs') ? missingPackages() : [],
    chromium,
    headlessShell: browser && !chromium && findHeadlessShell() === findChromium(),
  };
}

/** Debian's Chromium takes the place of Playwright's when the download has failed. */
function aptPackages(packages: readonly string[], triedChromium: boolean): readonly string[] {
  if (!triedChromium || findChromium()) return packages;
  return [...packages, 'chromium', 'chromium-headless-shell'];
}

/** @throws when something is missing that the suites need and that may not be installed, or cannot be. */
export function setUp(needs: ReadonlySet<Need>, install: boolean): void {
  const situation: Situation = {
    ci: process.env['CI'],
    install,
    terminal: process.stdin.isTTY,
    apt: process.getuid?.() === 0 && existsSync('/usr/bin/apt-get'),
  };
  const decision = decide(missing(needs), situation);
  if (decision.blocked) throw new Error(decision.lines.join('\n'));
  for (const line of decision.lines) console.log(line);
  if (decision.chromium)
    spawnSync('npx', PLAYWRIGHT_INSTALL, { stdio: 'inherit', shell: process.platform === 'win32' });
  const packages = aptPackages(decision.packages, decision.chromium);
  if (packages.length && situation.apt) {
    if (packages.length > decision.packages.length) console.log(`and apt-get installs ${packages.join(' ')}`);
    // Services stay off: https://manpages.debian.org/invoke-rc.d
    const env = { ...process.env, RUNLEVEL: '1' };
    spawnSync('apt-get', ['update'], { stdio: 'inherit' });
    spawnSync('apt-get', [...APT_INSTALL, ...packages], { stdio: 'inherit', env });
  }
  const left = missing(needs);
  if (!left.packages.length && !left.chromium) return;
  // The second decision is that of a person who has to install the rest.
  const { lines } = decide(left, { ...situation, ci: undefined, install: false, terminal: true });
  throw new Error(lines.join('\n'));
}
