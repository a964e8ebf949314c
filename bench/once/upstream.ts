/**
 * Customer.io, as light as it can be, as a process of its own: counts how often each event came. It listens once for every copy
 * of the proxy, so that it knows by which one an event has come.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { seeded } from '../../test/fakes/random.ts';
import { numbersIn } from './events.ts';

/** An event that came more than once: when, and by which copy, each time. */
export interface Repeated {
  readonly number: number;
  readonly arrivals: readonly Arrival[];
}

export interface Arrival {
  /** In milliseconds since 1970. */
  readonly at: number;
  readonly copy: number;
}

export interface Counted {
  /** How many different events came. */
  readonly events: number;
  readonly requests: number;
  readonly repeated: readonly Repeated[];
}

const [events = 0, copies = 0, seed = 0] = process.argv.slice(2).map(Number);
const random = seeded(seed);
/** An answer takes up to so long, in milliseconds: the longer, the more is on its way when a copy is killed. */
const SLOWEST_MS = 100;

const firstAt = new Float64Array(events);
const firstCopy = new Uint8Array(events);
const repeated = new Map<number, Arrival[]>();
let [different, requests] = [0, 0];

function count(number: number, arrival: Arrival): void {
  const before = firstAt[number];
  if (before === undefined) throw new Error(`There is no event ${number}`);
  if (before === 0) {
    different += 1;
    firstAt[number] = arrival.at;
    firstCopy[number] = arrival.copy;
    return;
  }
  const arrivals = repeated.get(number) ?? [{ at: before, copy: firstCopy[number] ?? 0 }];
  arrivals.push(arrival);
  repeated.set(number, arrivals);
}

async function listen(copy: number): Promise<number> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    // A copy that is killed leaves half a body: nobody has that.
    request.on('error', () => {});
    request.on('end', () => {
      requests += 1;
      const arrival = { at: Date.now(), copy };
      for (const number of numbersIn(Buffer.concat(chunks).toString('latin1'))) count(number, arrival);
      setTimeout(() => response.end('{"success":true}'), random.below(SLOWEST_MS));
    });
  });
  // A connection that ends by itself would look like a fault.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port; // it listens to a port
}

const ports = await Promise.all(Array.from({ length: copies }, (_, copy) => listen(copy)));
process.on('message', () => {
  const counted: Counted = {
    events: different,
    requests,
    repeated: Array.from(repeated, ([number, arrivals]) => ({ number, arrivals })),
  };
  process.send?.(counted);
});
process.once('disconnect', () => process.exit(0));
process.send?.({ ports });
