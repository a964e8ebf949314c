/** The proxies of Customer.io's public guide, one for each of its languages. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ServerProcess, startProgram, startServer } from '../../server/process.ts';
import { program } from '../../setup/programs.ts';

/** The URL to which the proxy sends the events, and the write key that it uses. */
export interface Behind {
  readonly upstreamUrl: string;
  readonly writeKey: string;
}

export interface GuideProxy {
  readonly language: string;
  start(behind: Behind): Promise<ServerProcess>;
}

/** The client key; the proxies of the guide accept every key that begins with it. */
export const CLIENT_KEY = 'client-api-key-web';

export const GUIDE_PROXIES: readonly GuideProxy[] = [
  {
    language: 'Node',
    start: (behind) => startServer('test/support/docs/guide-proxies/node.ts', environment(behind)),
  },
  {
    language: 'Python',
    start: (behind) => startProgram([program('python3'), fileHere('python/proxy.py')], environment(behind)),
  },
  {
    language: 'Go',
    async start(behind) {
      const folder = mkdtempSync(path.join(tmpdir(), 'guide-proxy-'));
      const file = path.join(folder, 'proxy');
      execFileSync(program('go'), ['build', '-o', file, '.'], { cwd: fileHere('go') });
      const { origin, pid, stop } = await startProgram([file], environment(behind));
      return {
        origin,
        pid,
        async stop() {
          await stop();
          rmSync(folder, { recursive: true });
        },
      };
    },
  },
];

function environment({ upstreamUrl, writeKey }: Behind): Readonly<Record<string, string>> {
  return { PORT: '0', UPSTREAM_URL: upstreamUrl, WRITE_KEY: writeKey };
}

function fileHere(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}
