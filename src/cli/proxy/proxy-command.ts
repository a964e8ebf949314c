import { createServer } from 'node:http';
import { toNats } from '../../nats.ts';
import { createProxy, type Deliver, type ProxyLogEntry, type ProxyOptions } from '../../proxy.ts';
import { HEALTH_PATH, READY_PATH } from '../../proxy/http/routes.ts';
import type { RedisStore } from '../../redis.ts';
import { errorPage } from '../../protocol/links.ts';
import { type Command, parseArguments } from '../command.ts';
import { readEnvironment } from '../settings/environment.ts';
import type { Nats } from '../brokers/nats-connection.ts';
import type { NatsSettings } from '../settings/nats-variables.ts';
import { createOutput } from '../process/output.ts';
import { SECRETS } from '../settings/secret-files.ts';
import { listen, untilStopped } from '../process/serve.ts';
import { openServices } from '../brokers/services.ts';
import { explain } from '../settings/explain-variables.ts';
import { variableFor } from '../settings/variable-for-option.ts';
import { warnOfUnknownVariables } from '../settings/unknown-variables.ts';
import { VARIABLES } from '../settings/variables.ts';
import { checkWriteKey } from './write-key-check.ts';

/**
 * The idle time after which a connection is closed. It is longer than that of proxies in front (60 s in nginx and load
 * balancers of AWS): if this server closed first, a request that is just arriving would become a 502. The default of
 * Node is 5 s.
 */
const KEEP_ALIVE_MS = 75_000;
/** The default of the option `timeoutMs`. */
const DELIVERY_MS = 10_000;
/**
 * The most time for storing a batch in the stream. A stream that has lost its leader has a new one after about two
 * seconds.
 */
const PUBLISH_MS = 5_000;

const HELP = `Usage: cio-first-party proxy [--check]

Takes batches from browsers, delivers them to Customer.io, answers the private calls of persons with a customer token, and
serves cio.js. With NATS_URL it delivers to a stream of NATS JetStream instead, which cio-first-party forward brings to
Customer.io. Configured by environment variables:

${explain(VARIABLES)}

Instead of a secret there may be the path of a file that holds it:
${SECRETS.map((name) => `  ${name}_FILE`).join('\n')}

  --check   asks Customer.io whether the write key is good, and ends with 0 or 1

Probes, each below CIO_BASE_PATH:
  liveness and readiness   ${HEALTH_PATH} is 200 while the process runs
  alerts                   ${READY_PATH} is 503 while Customer.io is down or refuses the write key. It is no readiness
                           probe: without instances behind the load balancer, browsers get no answer at all

Writes one line of JSON for every request. SIGTERM and SIGINT let requests in flight end first, for at most
CIO_STOP_TIMEOUT_MS, and refuse the rest with 503.`;

/** The command `proxy`: runs a proxy until it is stopped. */
export const proxyCommand: Command = {
  summary: 'run the proxy, configured by environment variables',
  help: HELP,

  async run(args) {
    const { check } = flagsIn(args);
    warnOfUnknownVariables(process.env, 'proxy');
    const reading = readEnvironment(process.env);
    if (reading.kind === 'unusable') {
      console.error('The proxy cannot start:\n');
      for (const problem of reading.problems) console.error(`  - ${problem}`);
      console.error('\nEvery variable is explained by: cio-first-party proxy --help');
      console.error(`More: ${errorPage('invalid-options')}`);
      return 1;
    }
    if (check) {
      const { isGood, message } = await checkWriteKey(reading.options);
      console.log(message);
      return isGood ? 0 : 1;
    }
    const output = createOutput();
    const services = await openServices(reading, 'proxy', output);
    if (typeof services === 'string') {
      console.error(`The proxy cannot start: ${services}`);
      return 1;
    }
    const { redis, nats } = services;
    const shared = redis ? withSharedStore(reading.options, redis.store) : reading.options;
    const options = nats && reading.nats ? withDeliveryToNats(shared, nats, reading.nats) : shared;
    const proxy = createProxy({
      ...options,
      onLog: (entry) => isLogged(entry) && output.entry(withLink(entry)),
    });
    const server = createServer(proxy.node);
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    // `untilStopped` waits for the requests in flight; `close` makes the proxy refuse new ones.
    const { graceMs } = reading;
    const stopped = untilStopped(server, { graceMs, onStop: () => void proxy.close({ timeoutMs: graceMs }) });
    try {
      const url = await listen(server, reading.port, reading.host);
      const basePath = (reading.options.basePath ?? '').replace(/\/$/, '');
      output.entry({ time: new Date().toISOString(), probes: probesBelow(basePath) });
      output.text(`The proxy listens on ${url}${reading.options.basePath ?? ''}`);
      // The first readiness request checks the write key. A failure is an entry of the log.
      void proxy.fetch(new Request(`http://localhost${basePath}${READY_PATH}`));
    } catch (error) {
      console.error(`The proxy cannot listen: ${error instanceof Error ? error.message : String(error)}`);
      await services.close();
      return 1;
    }
    // Requests to Customer.io that have no answer yet would keep the process alive.
    if ((await stopped) === 'cut-off') process.exit(0);
    await services.close();
    // A log that nobody reads would keep the process alive, too.
    if (!(await output.flush())) process.exit(0);
    return 0;
  },
};

/** The path of each probe, for the log of the start: whoever sets up a platform sees which one to use. */
function probesBelow(basePath: string): Readonly<Record<'liveness' | 'readiness' | 'alerts', string>> {
  const health = `${basePath}${HEALTH_PATH}`;
  return { liveness: health, readiness: health, alerts: `${basePath}${READY_PATH}` };
}

function flagsIn(args: readonly string[]): { readonly check: boolean } {
  const config = { args: [...args], options: { check: { type: 'boolean', default: false } } } as const;
  return parseArguments(config, (option) => variableFor(option, VARIABLES, 'proxy')).values;
}

/** Adds the store to `deduplicate`, unless that is off, and to `rateLimit`. */
function withSharedStore(options: ProxyOptions, store: RedisStore): ProxyOptions {
  const { deduplicate, rateLimit } = options;
  const remembered = { ...(typeof deduplicate === 'object' && deduplicate), store };
  return {
    ...options,
    ...(deduplicate !== false && { deduplicate: remembered }),
    ...(rateLimit && { rateLimit: { ...rateLimit, store } }),
  };
}

/**
 * Delivers to the stream instead of Customer.io. While NATS is down, batches are refused, and browsers keep their
 * events.
 */
function withDeliveryToNats(options: ProxyOptions, nats: Nats, { subject }: NatsSettings): ProxyOptions {
  // Less than the proxy's own time limit, so that the stream is reported as the cause of a late delivery.
  const timeoutMs = Math.min(PUBLISH_MS, (options.timeoutMs ?? DELIVERY_MS) / 2);
  const deliver: Deliver = async (batch, info) => {
    const { jetstream } = nats.now();
    await toNats({ jetstream, subject, timeoutMs })(batch, info);
  };
  return { ...options, deliver };
}

/** Adds the page about the error to the detail of a refusal. */
function withLink(entry: ProxyLogEntry): ProxyLogEntry {
  const { detail, error } = entry;
  if (detail === undefined || error === undefined) return entry;
  return { ...entry, detail: `${detail} More: ${errorPage(error)}` };
}

/** Whether a request is logged. Successful health checks are not: platforms make one every few seconds. */
function isLogged({ status, path }: ProxyLogEntry): boolean {
  return status !== 200 || !/\/v1\/health(\/ready)?$/.test(path);
}
