/**
 * How fast one forwarder drains messages of one event each, with a real nats-server and Customer.io's stand-in, each a process
 * of its own: `tsx bench/chaos/drain.ts [messages]`. Needs `npm run build`.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { packBatch, type WireEvent } from '../../src/proxy.ts';
import { startNats } from '../../test/support/brokers/nats-server.ts';
import { kill, nextOf, startChild } from '../once/child.ts';
import { eventText } from '../once/events.ts';
import { cpuSeconds } from '../proxy/meter.ts';
import { createPair } from './pair.ts';
import type { Counted } from './upstream.ts';

const [messages = 60_000] = process.argv.slice(2).map(Number);
const AT_ONCE = 500;

const server = await startNats();
const upstream = startChild('../chaos/upstream.ts', [messages, 1]);
const { proxy, forwarder } = await createPair(upstream, server.url);
try {
  // The proxy makes the stream.
  await proxy.start();
  await proxy.kill();
  const nats = await connect({ servers: server.url });
  const stream = jetstream(nats);
  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < messages) {
        const batch = [JSON.parse(eventText(next++)) as WireEvent];
        for (const { id, bytes } of await packBatch({ batch }))
          await stream.publish('cio.batches', bytes, { msgID: id });
      }
    }),
  );
  await nats.close();

  const startedAt = performance.now();
  await forwarder.start();
  let counted: Counted | undefined;
  let firstAt = 0;
  while ((counted?.events ?? 0) < messages) {
    await wait(50);
    upstream.send('count');
    counted = (await nextOf(upstream)) as Counted;
    if (firstAt === 0 && counted.events > 0) firstAt = performance.now();
  }
  const seconds = (performance.now() - firstAt) / 1_000;
  const processor = forwarder.pid() === undefined ? 0 : cpuSeconds(forwarder.pid() ?? 0);
  console.log(
    `${messages} messages of one event in ${seconds.toFixed(2)} s: ${Math.round(messages / seconds)} a second`,
  );
  console.log(`${counted?.requests} requests, ${counted?.repeated.length} events twice`);
  console.log(`processor time of the forwarder: ${processor.toFixed(2)} s, with its start`);
  console.log(`start to first event: ${((firstAt - startedAt) / 1_000).toFixed(2)} s`);
} finally {
  await forwarder.kill();
  await proxy.kill();
  await kill(upstream);
  await server.remove();
}
