/**
 * How fast one forwarder drains messages of one event each, with a real nats-server and Customer.io's stand-in, each a process
 * of its own: `tsx bench/chaos/drain.ts [messages]`. Needs `npm run build`.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { packBatch, type WireEvent } from '../../src/proxy/index.ts';
import { listen } from '../../test/support/listen.ts';
import { startNats } from '../../test/support/nats-server.ts';
import { kill, nextOf, startChild } from '../once/child.ts';
import { CLIENT_KEY, eventText, WRITE_KEY } from '../once/events.ts';
import { createCommand } from './part.ts';
import type { Counted } from './upstream.ts';

const [messages = 60_000] = process.argv.slice(2).map(Number);
const AT_ONCE = 500;
/** Of `/proc`, a second. */
const TICKS = 100;

async function freePort(): Promise<number> {
  const { server, port } = await listen(createServer());
  server.close();
  await once(server, 'close');
  return port;
}

/** Of the processor, in seconds. */
function processorSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

const server = await startNats();
const upstream = startChild('../chaos/upstream.ts', [messages, 1]);
const { ports } = (await nextOf(upstream)) as { ports: number[] };
const environment = {
  NATS_URL: server.url,
  CIO_WRITE_KEY: WRITE_KEY,
  CIO_UPSTREAM_URL: `http://127.0.0.1:${ports[0]}`,
};
const proxyPort = await freePort();
const proxy = createCommand({
  name: 'proxy',
  kind: 'proxy',
  port: proxyPort,
  environment: { ...environment, CIO_CLIENT_KEYS: CLIENT_KEY },
});
const forwarder = createCommand({
  name: 'forwarder',
  kind: 'forwarder',
  port: await freePort(),
  environment,
});
try {
  // It makes the stream.
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
  const processor = forwarder.pid() === undefined ? 0 : processorSeconds(forwarder.pid() ?? 0);
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
