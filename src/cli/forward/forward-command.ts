import { forwardFromNats, type NatsConsumer, type NatsForwarding } from '../../nats.ts';
import { within } from '../../proxy/lib/timeouts.ts';
import { createForwarder } from '../../proxy.ts';
import { errorPage } from '../../protocol/links.ts';
import { type Command, parseArguments, UsageError } from '../command.ts';
import {
  type ForwardSettings,
  readForwardEnvironment,
  type ProxyCommandSettings,
} from '../settings/environment.ts';
import { createForwardLog, type ForwardLog } from './forward-log.ts';
import { openReplay, replayStart } from './replay-stream.ts';
import { createForwardServer, type ForwardState } from './forward-server.ts';
import { createTrim } from './trim-stream.ts';
import type { Nats } from '../brokers/nats-connection.ts';
import { CONSUMER, ensureStreams, parkedSubjectOf } from '../brokers/nats-streams.ts';
import { type NatsSettings, withoutSecrets } from '../settings/nats-variables.ts';
import { createOutput, type Output } from '../process/output.ts';
import { SECRETS } from '../settings/secret-files.ts';
import { cannotListen, listen, untilStopped } from '../process/serve.ts';
import { openServices, type Services } from '../brokers/services.ts';
import { explain } from '../settings/explain-variables.ts';
import { variableFor } from '../settings/variable-for-option.ts';
import { warnOfUnknownVariables } from '../settings/unknown-variables.ts';
import { FORWARD_VARIABLES } from '../settings/variables.ts';

/** How often forwarded messages are deleted, and the streams are checked. */
const TRIM_MS = 60_000;
/** How long a health check waits for NATS. */
const STATE_MS = 1_000;
/** How often a replay checks whether it is done. */
const LOOK_MS = 500;
/** The delay before the next attempt to get the consumer. */
const AGAIN_MS = 1_000;
/** The least time between two log entries with the same error. */
const SAME_ERROR_MS = 10_000;

const HELP = `Usage: cio-first-party forward [--replay-since <time>]

Sends to Customer.io the batches that cio-first-party proxy has stored in a stream of NATS JetStream. Several forwarders may
run at the same time. Environment variables configure the forwarder:

${explain(FORWARD_VARIABLES, ['NATS_URL'])}

A secret can also be in a file. These variables contain the path of the file:
${SECRETS.filter((name) => name in FORWARD_VARIABLES)
  .map((name) => `  ${name}_FILE`)
  .join('\n')}

  --replay-since <time>   forwards again the messages that were stored since this time, and ends: 90m, 2h, or
                          2026-01-31T12:00:00Z; with CIO_REDIS_URL only events that are not known to have arrived

GET /v1/health returns 200. GET /v1/health/ready returns the number of waiting messages, and 503 while NATS cannot be reached.
The forwarder logs one line of JSON a second for delivered messages, and one line for each other message. After SIGTERM or
SIGINT it waits for messages in flight, for at most CIO_STOP_TIMEOUT_MS. NATS delivers the unfinished messages again.`;

/** The command `forward`: forwards a stream to Customer.io until it is stopped. */
export const forwardCommand: Command = {
  summary: 'forward the messages of NATS JetStream to Customer.io',
  help: HELP,

  async run(args) {
    const replaySince = replaySinceIn(args);
    warnOfUnknownVariables(process.env, 'forward');
    const reading = readForwardEnvironment(process.env);
    if (reading.kind === 'unusable') {
      console.error('The forwarder cannot start:\n');
      for (const problem of reading.problems) console.error(`  - ${problem}`);
      console.error('\nEvery variable is explained by: cio-first-party forward --help');
      console.error(`More: ${errorPage('invalid-options')}`);
      return 1;
    }
    const output = createOutput();
    const services = await openServices(reading, 'forward', output);
    if (typeof services === 'string') {
      console.error(`The forwarder cannot start: ${services}`);
      return 1;
    }
    const { nats } = services;
    if (!nats || !reading.nats) throw new Error('A forwarder needs a broker');
    const job: Job = { ...reading, nats, services, output, natsSettings: reading.nats };
    const code = replaySince === undefined ? await forward(job) : await replay(job, replaySince);
    await services.close();
    await output.flush();
    // Requests in flight, and a log that nobody reads, would keep the process alive.
    process.exit(code);
  },
};

/** The settings and connections that `forward` and its replay share. */
interface Job extends Omit<ProxyCommandSettings<ForwardSettings>, 'nats'> {
  readonly nats: Nats;
  readonly natsSettings: NatsSettings;
  readonly services: Services;
  readonly output: Output;
}

/** Reads `--replay-since`. */
function replaySinceIn(args: readonly string[]): Date | undefined {
  const config = { args: [...args], options: { 'replay-since': { type: 'string' } } } as const;
  const { values } = parseArguments(config, (option) => variableFor(option, FORWARD_VARIABLES, 'forward'));
  const text = values['replay-since'];
  if (text === undefined) return undefined;
  const since = replayStart(text, Date.now());
  if (since === null)
    throw new UsageError(
      `--replay-since is "${text}": it must be a time in the past, such as 90m, 2h, 1d or 2026-01-31T12:00:00Z.`,
    );
  return since;
}

/** Forwards messages until the process is told to stop. */
async function forward(job: Job): Promise<number> {
  const { options, natsSettings, nats, output, graceMs } = job;
  const log = createForwardLog(output.entry);
  let forwarding: NatsForwarding | undefined;
  let isStopping = false;

  async function state(): Promise<ForwardState> {
    const info = await within(STATE_MS, async () =>
      nats.now().manager.consumers.info(natsSettings.stream, CONSUMER),
    ).catch(() => undefined);
    return {
      tally: log.tally(),
      underWay: forwarding?.underWay() ?? 0,
      linesLost: output.lost(),
      backlog: info?.num_pending,
      unacknowledged: info?.num_ack_pending,
      isStopping,
    };
  }

  const server = createForwardServer(options.metrics, state);
  let stop = (): void => {};
  const stopSignal = new Promise<void>((resolve) => (stop = resolve));
  const stopped = untilStopped(server, {
    graceMs,
    onStop() {
      isStopping = true;
      stop();
    },
  });
  try {
    output.text(`The forwarder listens on ${await listen(server, job.port, job.host)}`);
  } catch (error) {
    console.error(cannotListen('forwarder', error));
    return 1;
  }

  async function begin(): Promise<void> {
    const { jetstream } = await nats.ready;
    while (!isStopping) {
      try {
        const consumer = await jetstream.consumers.get(natsSettings.stream, CONSUMER);
        if (!isStopping) forwarding = start(job, consumer, log);
        return;
      } catch (error) {
        logError(job, error);
        await new Promise((resolve) => void setTimeout(resolve, AGAIN_MS));
      }
    }
  }
  const trim = createTrim(natsSettings);
  async function maintainStreams(): Promise<void> {
    const { manager } = nats.now();
    await ensureStreams(manager, natsSettings);
    await trim(manager, Date.now());
  }
  const started = begin();
  // A failed run is repeated at the next interval.
  const housekeeping = setInterval(() => void maintainStreams().catch(() => {}), TRIM_MS);

  await stopSignal;
  clearInterval(housekeeping);
  await within(graceMs, async () => {
    await started;
    await forwarding?.stop();
    await stopped;
  }).catch(() => {});
  log.flush();
  return 0;
}

/** Forwards the messages since a time once more, and ends. */
async function replay(job: Job, since: Date): Promise<number> {
  const { nats, natsSettings, output } = job;
  const log = createForwardLog(output.entry);
  const { messages, consumer, isOver, end } = await openReplay(await nats.ready, natsSettings, since);
  output.text(`Forwards ${messages} messages again that were stored since ${since.toISOString()}`);
  const forwarding = start(job, consumer, log);
  let isStopping = false;
  const stop = (): void => void (isStopping = true);
  process.once('SIGTERM', stop).once('SIGINT', stop);
  while (!isStopping && !(await isOver().catch(() => false)))
    await new Promise((resolve) => void setTimeout(resolve, LOOK_MS));
  await forwarding.stop();
  await end().catch(() => {});
  log.flush();
  const { messages: outcomes, events } = log.tally();
  output.text(
    isStopping
      ? 'Stopped before the end'
      : `Done: ${outcomes.done} of ${messages} messages were forwarded, with ${events} events; the others had arrived before`,
  );
  return isStopping ? 1 : 0;
}

/** Starts forwarding from a consumer. */
function start(job: Job, consumer: NatsConsumer, log: ForwardLog): NatsForwarding {
  const { nats, natsSettings, services, options } = job;
  const { deduplicate, metrics: _, ...forwarderOptions } = options;
  const store = deduplicate === false ? undefined : services.redis?.store;
  return forwardFromNats({
    consumer,
    forwarder: createForwarder({ ...forwarderOptions, onLog: log.add }),
    park: (message) => nats.now().jetstream.publish(parkedSubjectOf(natsSettings), message),
    ...(store && { deduplicate: { store } }),
    onError: (error) => logError(job, error),
  });
}

/** When each error was logged last. */
const loggedAtMs = new Map<string, number>();
const MOST_ERRORS = 100;

/** Logs an error, the same error only once in a while: while a server is down, every message meets the same error. */
function logError({ natsSettings, output }: Job, error: unknown): void {
  const detail = withoutSecrets(messageOf(error), natsSettings);
  const nowMs = performance.now();
  if (nowMs - (loggedAtMs.get(detail) ?? Number.NEGATIVE_INFINITY) < SAME_ERROR_MS) return;
  if (loggedAtMs.size >= MOST_ERRORS) loggedAtMs.clear();
  loggedAtMs.set(detail, nowMs);
  output.entry({ time: new Date().toISOString(), error: detail });
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
