/** Programs of other languages that tests run for real. Run by itself, it installs those that are missing where it may. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

interface Program {
  readonly name: string;
  /** Of Debian, which has it. */
  readonly package: string;
  /** Whether what was found is the right one. */
  works?(file: string): boolean;
}

const PROGRAMS: readonly Program[] = [
  { name: 'go', package: 'golang-go' },
  { name: 'nats-server', package: 'nats-server' },
  { name: 'redis-server', package: 'redis-server' },
  { name: 'wrk', package: 'wrk' },
  {
    name: 'python3',
    package: 'python3-flask',
    works: (file) => spawnSync(file, ['-c', 'import flask']).status === 0,
  },
  { name: 'nginx', package: 'nginx' },
  { name: 'caddy', package: 'caddy' },
  { name: 'buildah', package: 'buildah' },
  { name: 'systemd-analyze', package: 'systemd' },
  { name: 'firefox-esr', package: 'firefox-esr' },
  { name: 'WebKitWebDriver', package: 'webkit2gtk-driver' },
  { name: 'Xvfb', package: 'xvfb' },
];

/** Debian's own folders last: a Python of the developer may come first and have no Flask. */
function find({ name, works }: Program): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/bin', '/usr/sbin'];
  return folders
    .map((folder) => path.join(folder, name))
    .find((file) => existsSync(file) && (works?.(file) ?? true));
}

/** Where it is. @throws where it is missing */
export function program(name: string): string {
  const known = PROGRAMS.find((each) => each.name === name);
  const found = known && find(known);
  if (found === undefined) throw new Error(`The tests need ${known?.package ?? name}: install it`);
  return found;
}

const missing = (): readonly Program[] => PROGRAMS.filter((each) => find(each) === undefined);

/** Where some are missing and may be installed, they are. */
export function installPrograms(): void {
  if (missing().length === 0 || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  // Services stay off: https://manpages.debian.org/invoke-rc.d
  const env = { ...process.env, RUNLEVEL: '1' };
  spawnSync('apt-get', ['update'], { stdio: 'inherit' });
  const packages = missing().map((each) => each.package);
  spawnSync('apt-get', ['install', '-y', '--no-install-recommends', ...packages], { stdio: 'inherit', env });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  installPrograms();
  const still = missing().map((each) => each.package);
  if (still.length) {
    console.error(`The tests need ${still.join(', ')}: install it.`);
    process.exit(1);
  }
}
