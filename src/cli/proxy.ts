import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { createProxy, type ProxyLogEntry, type ProxyOptions } from '../proxy/index.ts';
import type { RedisStore } from '../redis/index.ts';
import { type Command, UsageError } from './command.ts';
import { readEnvironment } from './environment.ts';
import { createOutput } from './output.ts';
import { openRedis } from './redis.ts';
import { listen, untilStopped } from './serve.ts';
import { SECRETS } from './secret-files.ts';
import { VARIABLES } from './variables.ts';

/**
 * Longer than what stands in front keeps a connection that is idle (nginx and load balancers of AWS: 60 s): where the proxy
 * hangs up first, a request that is on its way becomes a 502. Node's own default is 5 s.
 */
const KEEP_ALIVE_MS = 75_000;

const HELP = `Usage: cio-first-party proxy

Takes batches from browsers, delivers them to Customer.io, answers the private calls of persons with a customer token, and
serves cio.js. Configured by environment variables:

${Object.entries(VARIABLES)
  .map(
    ([name, { must, preset }]) =>
      `  ${name.padEnd(32)}${must} (${preset === undefined ? 'required' : `default: ${preset}`})`,
  )
  .join('\n')}

Instead of a secret there may be the path of a file that holds it:
${SECRETS.map((name) => `  ${name}_FILE`).join('\n')}

Writes one line of JSON for every request. SIGTERM and SIGINT let requests in flight end first, for at most
CIO_STOP_TIMEOUT_MS, and refuse the rest with 503.`;

/** Runs a proxy until it is told to stop. */
export const proxyCommand: Command = {
  summary: 'run the proxy, configured by environment variables',
  help: HELP,

  async run(args) {
    try {
      parseArgs({ args: [...args], options: {}, strict: true });
    } catch (error) {
      throw new UsageError(error instanceof Error ? error.message : String(error));
    }
    const reading = readEnvironment(process.env);
    if (reading.kind === 'unusable') {
      console.error('The proxy cannot start:\n');
      for (const problem of reading.problems) console.error(`  - ${problem}`);
      console.error('\nEvery variable is explained by: cio-first-party proxy --help');
      return 1;
    }
    const output = createOutput();
    const { redisUrl } = reading;
    const redis = redisUrl === undefined ? undefined : await openRedis(redisUrl, output.entry);
    if (redis === null) {
      console.error(
        'The proxy cannot start: CIO_REDIS_URL needs the package redis, which is not here: npm install redis',
      );
      return 1;
    }
    const options = redis ? sharing(reading.options, redis.store) : reading.options;
    const proxy = createProxy({ ...options, onLog: (entry) => isWorthALine(entry) && output.entry(entry) });
    const server = createServer(proxy.node);
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    // The server itself waits for what is in flight.
    const { graceMs } = reading;
    const stopped = untilStopped(server, { graceMs, onStop: () => void proxy.close({ timeoutMs: graceMs }) });
    try {
      const url = await listen(server, reading.port, reading.host);
      output.text(`The proxy listens on ${url}${reading.options.basePath ?? ''}`);
    } catch (error) {
      console.error(`The proxy cannot listen: ${error instanceof Error ? error.message : String(error)}`);
      await redis?.close();
      return 1;
    }
    // What Customer.io has not answered would keep the process.
    if ((await stopped) === 'cut-off') process.exit(0);
    await redis?.close();
    // A log that nobody reads would keep it, too.
    if (!(await output.flush())) process.exit(0);
    return 0;
  },
};

/** One store for all that copies must agree on: unless it is off. */
function sharing(options: ProxyOptions, store: RedisStore): ProxyOptions {
  const { deduplicate, rateLimit } = options;
  const remembered = { ...(typeof deduplicate === 'object' && deduplicate), store };
  return {
    ...options,
    ...(deduplicate !== false && { deduplicate: remembered }),
    ...(rateLimit && { rateLimit: { ...rateLimit, store } }),
  };
}

/** Platforms ask every few seconds whether it lives; a line about that buries the others. */
function isWorthALine({ status, path }: ProxyLogEntry): boolean {
  return status !== 200 || !/\/v1\/health(\/ready)?$/.test(path);
}
