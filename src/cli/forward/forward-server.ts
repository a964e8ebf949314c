import { createServer, type Server } from 'node:http';
import type { ForwardTally } from './forward-log.ts';

/** The state of a forwarder, for health checks and metrics. */
export interface ForwardState {
  readonly tally: ForwardTally;
  /** Messages in flight. */
  readonly underWay: number;
  /** Log lines that could not be written. */
  readonly linesLost: number;
  /** Messages that were not delivered to a forwarder yet; `undefined`: NATS is not connected. */
  readonly backlog: number | undefined;
  /** Messages that forwarders have not acknowledged yet. */
  readonly unacknowledged: number | undefined;
  readonly isStopping: boolean;
}

/**
 * Creates the server for the health checks of platforms and, at `metricsPath`, for metrics in the text format of
 * Prometheus.
 */
export function createForwardServer(
  metricsPath: string | undefined,
  stateOf: () => Promise<ForwardState>,
): Server {
  return createServer((request, response) => {
    const answer = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(body);
    };
    const json = (status: number, body: object): void =>
      answer(status, 'application/json', JSON.stringify(body));

    async function respond(): Promise<void> {
      const path = (request.url ?? '').replace(/\?.*/, '');
      if (request.method !== 'GET' && request.method !== 'HEAD')
        return json(405, { error: 'method_not_allowed' });
      // This route answers 200 while the process runs, also while NATS is down: restarting the process would not help.
      if (path === '/v1/health') return json(200, { status: 'ok' });
      if (path === '/v1/health/ready') {
        const { backlog, unacknowledged, underWay, isStopping } = await stateOf();
        const isReady = backlog !== undefined && !isStopping;
        return json(isReady ? 200 : 503, {
          status: isReady ? 'ok' : 'unavailable',
          backlog,
          unacknowledged,
          underWay,
        });
      }
      if (metricsPath !== undefined && path === metricsPath)
        return answer(200, 'text/plain; version=0.0.4', metricsOf(await stateOf()));
      json(404, { error: 'not_found' });
    }

    respond().catch(() => json(500, { error: 'internal' }));
  });
}

function metricsOf({ tally, underWay, linesLost, backlog, unacknowledged }: ForwardState): string {
  const { done, later, never } = tally.messages;
  return [
    ...family('messages_total', 'counter', 'Messages by outcome.', [
      ['{outcome="done"}', done],
      ['{outcome="later"}', later],
      ['{outcome="never"}', never],
    ]),
    ...family('events_total', 'counter', 'Events by outcome.', [
      ['{outcome="accepted"}', tally.events],
      ['{outcome="rejected"}', tally.rejected],
    ]),
    ...family('upstream_requests_total', 'counter', 'Requests to Customer.io.', [['', tally.requests]]),
    ...family('under_way', 'gauge', 'Messages that this forwarder processes now.', [['', underWay]]),
    ...family('backlog', 'gauge', 'Messages that no forwarder has received yet.', [['', backlog]]),
    ...family('unacknowledged', 'gauge', 'Messages that forwarders have not acknowledged yet.', [
      ['', unacknowledged],
    ]),
    ...family('log_lines_lost_total', 'counter', 'Log lines that could not be written.', [['', linesLost]]),
    '',
  ].join('\n');
}

/** Formats one metric. Values that are not known are left out. */
function family(
  name: string,
  type: string,
  help: string,
  lines: readonly (readonly [labels: string, value: number | undefined])[],
): readonly string[] {
  const full = `cio_forwarder_${name}`;
  const known = lines.filter(([, value]) => value !== undefined);
  if (known.length === 0) return [];
  return [
    `# HELP ${full} ${help}`,
    `# TYPE ${full} ${type}`,
    ...known.map(([labels, value]) => `${full}${labels} ${value}`),
  ];
}
