/** Starts nginx as a round-robin load balancer. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { program } from '../support/setup/programs.ts';
import { answering, onFreePort, type RunningServer, stop } from './process.ts';

/** @param copies origins; each request goes to the next of them */
export const startNginx = (copies: readonly string[], healthPath: string): Promise<RunningServer> =>
  onFreePort((port) => startAt(port, copies, healthPath));

async function startAt(port: number, copies: readonly string[], healthPath: string): Promise<RunningServer> {
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
  const child = spawn(program('nginx'), ['-p', folder, '-c', `${folder}/nginx.conf`, '-e', 'stderr'], {
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
