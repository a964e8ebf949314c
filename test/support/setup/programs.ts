/** Finds the programs of other languages that tests run as real processes. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

interface Program {
  readonly name: string;
  /** Debian's package of this program. */
  readonly package: string;
  /** Checks that the program at this path can be used. Default: every program can. */
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

/** Debian's own folders come last: the first Python in PATH may be a developer's own, without Flask. */
function find({ name, works }: Program): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/bin', '/usr/sbin'];
  return folders
    .map((folder) => path.join(folder, name))
    .find((file) => existsSync(file) && (works?.(file) ?? true));
}

/** Returns the path of a program. @throws when the program is missing */
export function program(name: string): string {
  const known = PROGRAMS.find((each) => each.name === name);
  const found = known && find(known);
  if (found === undefined) throw new Error(`The tests need ${known?.package ?? name}: install it`);
  return found;
}

/** Debian's packages of the programs that this machine does not have. */
export const missingPackages = (): readonly string[] =>
  PROGRAMS.filter((each) => find(each) === undefined).map((each) => each.package);
