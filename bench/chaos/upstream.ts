/**
 * Customer.io, as light as it can be, as a process of its own: counts how often each event came. It listens once for every
 * forwarder, so that it knows by which one an event has come. Told `away`, it hangs up on everybody.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { numbersIn } from '../once/events.ts';

/** An event that came more than once: when, and by which forwarder, each time. */
export interface Repeated {
  readonly number: number;
  readonly arrivals: readonly Arrival[];
}

export interface Arrival {
  /** In milliseconds since 1970. */
  readonly at: number;
  readonly forwarder: number;
}

export interface Counted {
  /** How many different events came. */
  readonly events: number;
  /** The first numbers of those that did not. */
  readonly missing: readonly number[];
  readonly requests: number;
  readonly repeated: readonly Repeated[];
}

export type Told = 'away' | 'back' | 'count';

const [events = 0, forwarders = 0] = process.argv.slice(2).map(Number);
const MOST_MISSING = 1_000;
/** An answer takes so long, in milliseconds: meanwhile whoever asked may be killed. */
const ANSWER_MS = 20;

const firstAt = new Float64Array(events);
const firstBy = new Uint8Array(events);
const repeated = new Map<number, Arrival[]>();
let [different, requests, isAway] = [0, 0, false];

function count(number: number, arrival: Arrival): void {
  const before = firstAt[number];
  if (before === undefined) throw new Error(`There is no event ${number}`);
  if (before === 0) {
    different += 1;
    firstAt[number] = arrival.at;
    firstBy[number] = arrival.forwarder;
    return;
  }
  const arrivals = repeated.get(number) ?? [{ at: before, forwarder: firstBy[number] ?? 0 }];
  arrivals.push(arrival);
  repeated.set(number, arrivals);
}

function missing(): readonly number[] {
  const numbers: number[] = [];
  for (let i = 0; i < events && numbers.length < MOST_MISSING; i += 1) if (firstAt[i] === 0) numbers.push(i);
  return numbers;
}

async function listen(forwarder: number): Promise<number> {
  const server = createServer((request, response) => {
    if (isAway) {
      request.socket.destroy();
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    // A forwarder that is killed leaves half a body: nobody has that.
    request.on('error', () => {});
    request.on('end', () => {
      requests += 1;
      const arrival = { at: Date.now(), forwarder };
      for (const number of numbersIn(Buffer.concat(chunks).toString('latin1'))) count(number, arrival);
      setTimeout(() => response.end('{"success":true}'), ANSWER_MS);
    });
  });
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port; // it listens to a port
}

const ports = await Promise.all(Array.from({ length: forwarders }, (_, forwarder) => listen(forwarder)));
process.on('message', (told: Told) => {
  if (told !== 'count') {
    isAway = told === 'away';
    return;
  }
  const counted: Counted = {
    events: different,
    missing: missing(),
    requests,
    repeated: Array.from(repeated, ([number, arrivals]) => ({ number, arrivals })),
  };
  process.send?.(counted);
});
process.once('disconnect', () => process.exit(0));
process.send?.({ ports });
