import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { toNats } from '../../nats.ts';
import { createProxy, type Deliver, type ProxyLogEntry, type ProxyOptions } from '../../proxy.ts';
import type { RedisStore } from '../../redis.ts';
import { type Command, UsageError } from '../command.ts';
import { readEnvironment } from '../settings/environment.ts';
import type { Nats } from '../brokers/nats-connection.ts';
import type { NatsSettings } from '../settings/nats-variables.ts';
import { createOutput } from '../process/output.ts';
import { SECRETS } from '../settings/secret-files.ts';
import { listen, untilStopped } from '../process/serve.ts';
import { openServices } from '../brokers/services.ts';
import { explain } from '../settings/explain-variables.ts';
import { VARIABLES } from '../settings/variables.ts';
import { checkWriteKey } from './write-key-check.ts';

/**
 * Longer than what stands in front keeps a connection that is idle (nginx and load balancers of AWS: 60 s): where the proxy
 * hangs up first, a request that is on its way becomes a 502. Node's own default is 5 s.
 */
const KEEP_ALIVE_MS = 75_000;
const DELIVERY_MS = 10_000;
/** A stream that has lost its leader has another one after two seconds or so. */
const PUBLISH_MS = 5_000;

const HELP = `Usage: cio-first-party proxy [--check]

Takes batches from browsers, delivers them to Customer.io, answers the private calls of persons with a customer token, and
serves cio.js. With NATS_URL it delivers to a stream of NATS JetStream instead, which cio-first-party forward brings to
Customer.io. Configured by environment variables:

${explain(VARIABLES)}

Instead of a secret there may be the path of a file that holds it:
${SECRETS.map((name) => `  ${name}_FILE`).join('\n')}

  --check   asks Customer.io whether the write key is good, and ends with 0 or 1

Writes one line of JSON for every request. SIGTERM and SIGINT let requests in flight end first, for at most
CIO_STOP_TIMEOUT_MS, and refuse the rest with 503.`;

/** Runs a proxy until it is told to stop. */
export const proxyCommand: Command = {
  summary: 'run the proxy, configured by environment variables',
  help: HELP,

  async run(args) {
    const { check } = flagsIn(args);
    const reading = readEnvironment(process.env);
    if (reading.kind === 'unusable') {
      console.error('The proxy cannot start:\n');
      for (const problem of reading.problems) console.error(`  - ${problem}`);
      console.error('\nEvery variable is explained by: cio-first-party proxy --help');
      return 1;
    }
    if (check) {
      const { isGood, told } = await checkWriteKey(reading.options);
      console.log(told);
      return isGood ? 0 : 1;
    }
    const output = createOutput();
    const services = await openServices(reading, 'proxy', output);
    if (typeof services === 'string') {
      console.error(`The proxy cannot start: ${services}`);
      return 1;
    }
    const { redis, nats } = services;
    const shared = redis ? sharing(reading.options, redis.store) : reading.options;
    const options = nats && reading.nats ? delivering(shared, nats, reading.nats) : shared;
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
      await services.close();
      return 1;
    }
    // What Customer.io has not answered would keep the process.
    if ((await stopped) === 'cut-off') process.exit(0);
    await services.close();
    // A log that nobody reads would keep it, too.
    if (!(await output.flush())) process.exit(0);
    return 0;
  },
};

function flagsIn(args: readonly string[]): { readonly check: boolean } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { check: { type: 'boolean', default: false } },
      strict: true,
    });
    return values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

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

/** Into the stream instead of to Customer.io. While NATS is away, browsers keep their events. */
function delivering(options: ProxyOptions, nats: Nats, { subject }: NatsSettings): ProxyOptions {
  // Within what the proxy gives a delivery, so that it is the stream that is told to be late.
  const timeoutMs = Math.min(PUBLISH_MS, (options.timeoutMs ?? DELIVERY_MS) / 2);
  const deliver: Deliver = async (batch, info) => {
    const { jetstream } = nats.now();
    await toNats({ jetstream, subject, timeoutMs })(batch, info);
  };
  return { ...options, deliver };
}

/** Platforms ask every few seconds whether it lives; a line about that buries the others. */
function isWorthALine({ status, path }: ProxyLogEntry): boolean {
  return status !== 200 || !/\/v1\/health(\/ready)?$/.test(path);
}
