/**
 * Builds a Containerfile with Buildah, and runs the image. No registry is used: the base image consists of
 * the Node, npm and shell of this machine, under the name in the file.
 */
import { execFile, execFileSync, type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { chmod, cp, mkdir, realpath, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { program } from '../../support/setup/programs.ts';

/** The configuration of an image. */
export interface ImageConfig {
  readonly User: string;
  readonly Env: readonly string[];
  readonly Cmd: readonly string[];
  readonly WorkingDir: string;
  readonly StopSignal: NodeJS.Signals;
  readonly Healthcheck: { readonly Test: readonly string[] };
}

export interface Image {
  readonly config: ImageConfig;
  /** The files of one container of the image. */
  readonly root: string;
  /** Runs a command in the container as the image's user. The file system is read-only. */
  run(command: readonly string[], env?: Readonly<Record<string, string>>, stdio?: StdioOptions): ChildProcess;
}

const USER_ID = 1_000;

/** Copies a program with the libraries that it is linked to. */
async function copyProgram(file: string, to: string, root: string): Promise<void> {
  const linked = execFileSync('ldd', [file], { encoding: 'utf8' }).match(/\/\S+/g) ?? [];
  for (const [from, place] of [
    [file, to] as const,
    ...linked.map((library) => [library, library] as const),
  ]) {
    await mkdir(path.dirname(root + place), { recursive: true });
    await cp(await realpath(from), root + place);
  }
}

async function makeBase(root: string): Promise<void> {
  for (const folder of ['/etc', '/root', '/home/node', '/tmp', '/usr/local/bin', '/proc', '/sys', '/dev'])
    await mkdir(root + folder, { recursive: true });
  await chmod(`${root}/tmp`, 0o1777);
  await writeFile(
    `${root}/etc/passwd`,
    `root:x:0:0::/root:/bin/sh\nnode:x:${USER_ID}:${USER_ID}::/home/node:/bin/sh\n`,
  );
  await writeFile(`${root}/etc/group`, `root:x:0:\nnode:x:${USER_ID}:\n`);
  await copyProgram('/bin/sh', '/bin/sh', root);
  await copyProgram(process.execPath, '/usr/local/bin/node', root);
  const npm = await realpath(execFileSync('/bin/sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim());
  await cp(path.dirname(path.dirname(npm)), `${root}/usr/local/lib/npm`, {
    recursive: true,
    dereference: true,
  });
  await writeFile(
    `${root}/usr/local/bin/npm`,
    '#!/bin/sh\nexec node /usr/local/lib/npm/bin/npm-cli.js "$@"\n',
  );
  await chmod(`${root}/usr/local/bin/npm`, 0o755);
}

/**
 * @param context the folder with the Containerfile and the files that it copies
 * @param folder where Buildah may store images
 */
export async function buildImage(context: string, base: string, folder: string): Promise<Image> {
  const storage = ['--root', `${folder}/images`, '--runroot', `${folder}/run`, '--storage-driver', 'vfs'];
  const buildah = async (...args: readonly string[]): Promise<string> => {
    const env = { PATH: process.env['PATH'] ?? '', HOME: folder };
    const { stdout } = await promisify(execFile)(program('buildah'), [...storage, ...args], { env });
    return stdout.trim();
  };
  const build = (tag: string, file: string, place: string): Promise<string> =>
    // `--isolation chroot`: CI machines do not permit the other isolations of Buildah.
    buildah(
      'bud',
      '--isolation',
      'chroot',
      '--pull-never',
      '--format',
      'docker',
      '-t',
      tag,
      '-f',
      file,
      place,
    );

  await makeBase(`${folder}/base/files`);
  await writeFile(
    `${folder}/base/Containerfile`,
    'FROM scratch\nCOPY files/ /\nENV PATH=/usr/local/bin:/usr/bin:/bin\n',
  );
  await build(base, `${folder}/base/Containerfile`, `${folder}/base`);
  await build('events', `${context}/Containerfile`, context);
  const { Docker } = JSON.parse(await buildah('inspect', '--type', 'image', 'events')) as {
    Docker: { config: ImageConfig };
  };
  const root = await buildah('mount', await buildah('from', '--pull-never', 'events'));
  const { config } = Docker;

  return {
    config,
    root,
    run: (command, env = {}, stdio = 'inherit') =>
      spawn(
        'unshare',
        ['--mount', '/bin/sh', '-c', CONTAINER, root, String(USER_ID), config.WorkingDir, ...command],
        {
          env: {
            ...Object.fromEntries(config.Env.map((line) => line.split(/=(.*)/s).slice(0, 2))),
            ...env,
            OUTSIDE: process.env['PATH'],
          },
          stdio,
        },
      ),
  };
}

/** Each command uses `exec`, so there is one process, and signals reach it. */
const CONTAINER = `PATH=$OUTSIDE; mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && user=$1 place=$2 && shift 2 &&
  exec chroot --userspec="$user:$user" "$0" /bin/sh -c 'PATH=$1; cd "$0" && shift && exec "$@"' "$place" /usr/local/bin:/usr/bin:/bin "$@"`;
