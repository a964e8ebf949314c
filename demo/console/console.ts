/** The endpoints of the live console: events, faults, and the stream that keeps its page up to date. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TokenReport } from '../account/token-life.ts';
import type { FaultSwitches } from '../faults.ts';
import { oneOf, readFields, textOrNull } from '../fields.ts';
import { parseJson, readBody, sendJson } from '../http.ts';
import { MESSAGE_KINDS, type MessageKind } from '../messages/shop-campaigns.ts';
import type { Traffic } from '../meter.ts';
import type { Upstream } from '../upstream.ts';
import { createStream } from './stream.ts';

export interface ConsoleNeeds {
  readonly upstream: Pick<Upstream, 'kind' | 'url' | 'ledger' | 'messages'>;
  readonly switches: FaultSwitches;
  /** What browsers have sent to the proxy. */
  readonly traffic: () => Traffic;
  /** What has become of customer tokens. */
  readonly tokens: () => TokenReport;
}

export interface LiveConsole {
  /** Answers a request to one of its endpoints; `false` when the path is none of them. */
  answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<boolean>;
  /** Tells the pages that numbers have changed. */
  refresh(): void;
  close(): void;
}

/** The page lists these many at most. */
const SNAPSHOT_EVENTS = 200;

export function createLiveConsole(needs: ConsoleNeeds): LiveConsole {
  const { upstream, switches, traffic, tokens } = needs;
  const { ledger, messages } = upstream;
  const stream = createStream();
  let accepted = 0;
  let requests = 0;
  let bytes = 0;

  const state = () => ({
    upstream: { kind: upstream.kind, url: upstream.url, requests, bytes, accepted },
    faults: switches.current(),
    traffic: traffic(),
    tokens: tokens(),
    messages: messages?.report() ?? null,
  });
  const refresh = (): void => stream.send('state', state());

  const stops = [
    switches.onChange(refresh),
    ...(messages ? [messages.onChange(refresh)] : []),
    ledger.onRecord((request, events) => {
      requests += 1;
      bytes += request.bytes;
      accepted += events.length;
      if (events.length > 0) stream.send('events', events);
      refresh();
    }),
  ];

  async function queueMessage(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, 10_000);
    const read = readFields<{ readonly kind: MessageKind; readonly userId: string | null }>(
      body && parseJson(body.toString()),
      { kind: oneOf(...MESSAGE_KINDS), userId: textOrNull },
    );
    if (!read.ok) return sendJson(response, 400, { error: 'invalid_message', message: read.message });
    const { kind, userId = null } = read.fields;
    if (kind !== undefined && messages?.send(kind, userId)) return sendJson(response, 200, messages.report());
    const message =
      messages === undefined
        ? 'Only the stand-in takes messages from here'
        : 'A message needs a kind, and a person who has signed in';
    sendJson(response, 400, { error: 'invalid_message', message });
  }

  return {
    async answer(path, request, response) {
      switch (`${request.method} ${path}`) {
        case 'GET /console/stream':
          stream.open(request, response, { ...state(), events: ledger.events().slice(-SNAPSHOT_EVENTS) });
          return true;
        case 'GET /console/events':
          sendJson(response, 200, { events: ledger.events() });
          return true;
        case 'DELETE /console/events':
          ledger.forgetEvents();
          accepted = 0;
          stream.send('snapshot', { ...state(), events: [] });
          sendJson(response, 200, { events: [] });
          return true;
        case 'GET /console/faults':
          sendJson(response, 200, switches.current());
          return true;
        case 'POST /console/faults': {
          const body = await readBody(request, 10_000);
          const changed = switches.change(body && parseJson(body.toString()));
          if (changed.ok) sendJson(response, 200, switches.current());
          else sendJson(response, 400, { error: 'invalid_faults', message: changed.message });
          return true;
        }
        case 'POST /console/messages':
          await queueMessage(request, response);
          return true;
        default:
          return false;
      }
    },
    refresh,
    close() {
      for (const stop of stops) stop();
      stream.close();
    },
  };
}
