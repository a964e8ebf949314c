/** nginx, as a round-robin balancer. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { answering, onFreePort, type RunningServer, stop } from './process.ts';

/** Where nginx is; undefined when there is none. */
export function findNginx(): string | undefined {
  const folders = ['/usr/sbin', ...(process.env['PATH'] ?? '').split(path.delimiter)];
  const found = folders.map((folder) => path.join(folder, 'nginx'));
  return [process.env['NGINX_PATH'], ...found].find((file) => file && existsSync(file));
}

const INSTALLERS = [
  ['apt-get', 'update'],
  ['apt-get', 'install', '-y', '--no-install-recommends', 'nginx'],
] as const;

/** Where there is none and it may be installed, it is. */
export function installNginx(): void {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return;
  for (const [command, ...args] of INSTALLERS) {
    if (findNginx()) return;
    // Its service stays off: https://manpages.debian.org/invoke-rc.d
    spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, RUNLEVEL: '1' } });
  }
}

/** `copies`: origins. Each request goes to the next of them. */
export const startNginx = (copies: readonly string[], healthPath: string): Promise<RunningServer> =>
  onFreePort((port) => startAt(port, copies, healthPath));

async function startAt(port: number, copies: readonly string[], healthPath: string): Promise<RunningServer> {
  const command = findNginx();
  if (!command) throw new Error('There is no nginx: install it, or set NGINX_PATH to where it is.');
  const folder = await mkdtemp(path.join(tmpdir(), 'cio-nginx-'));
  const servers = copies.map((origin) => `server ${new URL(origin).host};`).join(' ');
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  await writeFile(
    `${folder}/nginx.conf`,
    `daemon off; user ${userInfo().username}; pid ${folder}/pid; error_log stderr crit; worker_processes 1;
     events {}
     http {
       access_log off; ${places.join(' ')}
       upstream copies { ${servers} }
       server {
         listen 127.0.0.1:${port};
         location / { proxy_pass http://copies; proxy_http_version 1.1; proxy_set_header Host $http_host; }
       }
     }`,
  );
  const child = spawn(command, ['-p', folder, '-c', `${folder}/nginx.conf`, '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const origin = `http://127.0.0.1:${port}`;
  await answering(origin, healthPath, child);
  return {
    origin,
    async stop() {
      await stop(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
