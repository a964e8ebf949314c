/** The servers with the proxy, each a process of its own. Their code is the documentation's. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { lazy } from '../../src/proxy/lib/lazy.ts';
import { startNginx } from './nginx.ts';
import { type PlainOptions, run, type RunningServer } from './process.ts';
import { FOLDER } from './folder.ts';
import { BUN, deno, NEWEST_NODE, NODE, type Runtime } from './runtimes.ts';
import { startWorkerd } from './workerd.ts';

export interface Server {
  readonly name: string;
  /** How the server delivers `cio.js`: compressed, plain, or not at all in runtimes without a disk. */
  readonly script: 'packed' | 'plain' | 'none';
  /**
   * Whose connection the server closes while the client still sends, so that the client may not receive the
   * response.
   */
  readonly hangsUp: 'never' | 'who is refused' | 'who sends too much';
  /** How a stream arrives: piece by piece, or as a whole when it ends. @default 'in pieces' */
  readonly streams?: 'as a whole';
  start(options: PlainOptions): Promise<RunningServer>;
}

const server = (name: string, runtime: Runtime, file: string): Server => ({
  name,
  script: 'packed',
  hangsUp: 'never',
  start: (options) => run(runtime, [`servers/${file}`], options),
});

const workers: Server = {
  name: 'Workers (workerd)',
  script: 'none',
  hangsUp: 'who is refused',
  start: (options) =>
    startWorkerd(
      readFileSync(`${FOLDER}servers/workers.js`, 'utf8').replace('./proxy.js', './servers/proxy.js'),
      {
        'process.env.PROXY_OPTIONS': JSON.stringify(JSON.stringify(options)),
      },
    ),
};

const NEXT = 'node_modules/next/dist/bin/next';

/** The app is built once; its configuration is read when it starts. */
function nextApp(name: string, folder: string, script: Server['script']): Server {
  const built = lazy(async () => {
    await promisify(execFile)(NODE.command, [NEXT, 'build', folder], {
      cwd: FOLDER,
      env: {
        ...process.env,
        NODE_ENV: 'production',
        NEXT_TELEMETRY_DISABLED: '1',
        PROXY_OPTIONS: JSON.stringify({ writeKey: 'none', clientKeys: ['web'] }),
      },
    });
  });
  return {
    name,
    script,
    hangsUp: 'who sends too much',
    async start(options) {
      await built();
      return run(NODE, [NEXT, 'start', folder], options);
    },
  };
}

/** Runs the adapter as a Lambda function, behind a stand-in for API Gateway. */
const lambda = (adapter: string, file: string): Server => ({
  ...server(`AWS Lambda, by ${adapter}`, NODE, ''),
  streams: 'as a whole',
  start: (options) => run(NODE, ['servers/gateway.js', `./${file}`], options),
});

/** A load balancer in front of two copies that know nothing of each other. */
const balanced: Server = {
  name: 'two copies behind nginx',
  script: 'packed',
  hangsUp: 'never',
  async start(options) {
    const copies = await Promise.all([1, 2].map(() => run(NODE, ['servers/node.js'], options)));
    const stopCopies = async (): Promise<void> => {
      await Promise.all(copies.map((copy) => copy.stop()));
    };
    const origins = copies.map(({ origin }) => origin);
    const nginx = await startNginx(origins, `${String(options.basePath)}/v1/health`).catch(
      async (error: unknown) => {
        await stopCopies();
        throw error;
      },
    );
    return {
      origin: nginx.origin,
      async stop() {
        await nginx.stop();
        await stopCopies();
      },
    };
  },
};

export const SERVERS: readonly Server[] = [
  server('node:http', NODE, 'node.js'),
  server('node:http of the newest Node', NEWEST_NODE, 'node.js'),
  server('Express 5', NODE, 'express.js'),
  server('Fastify', NODE, 'fastify.js'),
  server('Koa', NODE, 'koa.js'),
  server('Hono', NODE, 'hono.js'),
  nextApp('Next.js', 'servers/next', 'plain'),
  nextApp('Next.js, pages/api, with trailingSlash', 'servers/next-pages', 'packed'),
  workers,
  server('Deno', deno('--allow-net', '--allow-env', '--allow-read'), 'deno.js'),
  server('Bun', BUN, 'bun.js'),
  lambda('@codegenie/serverless-express', 'lambda-express.js'),
  lambda('serverless-http', 'lambda-http.js'),
  balanced,
];
