/**
 * Quiet traffic, and a cluster that loses its quorum: two of three nodes of NATS are killed and come back, then one event is
 * published. What was confirmed and has not arrived is replayed: `tsx bench/chaos/quorum.ts [rounds]`. Needs `npm run build`.
 */
import { spawnSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { seeded } from '../../test/fakes/random.ts';
import { createNatsCluster } from '../../test/support/brokers/nats-cluster.ts';
import { program } from '../../test/support/setup/programs.ts';
import { kill, nextOf, startChild } from '../once/child.ts';
import { createSend } from '../once/client.ts';
import { eventText } from '../once/events.ts';
import { createPair } from './pair.ts';
import type { Counted } from './upstream.ts';

const [rounds = 10, seed = 1] = process.argv.slice(2).map(Number);
const EVENTS_A_ROUND = 3;
const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
/** After a quorum is back a forwarder goes on after up to so long. */
const ARRIVES_MS = 45_000;

const random = seeded(seed);
const cluster = await createNatsCluster();
const upstream = startChild('../chaos/upstream.ts', [rounds * EVENTS_A_ROUND, 1]);
const { proxy, proxyPort, forwarder, environment } = await createPair(upstream, cluster.url);

async function count(): Promise<Counted> {
  upstream.send('count');
  return (await nextOf(upstream)) as Counted;
}

try {
  await cluster.healthy();
  await proxy.start();
  await forwarder.start();
  const send = createSend({ ports: [proxyPort], random, lost: 0, signal: new AbortController().signal });
  const tally = { requests: 0, cut: 0 };
  let [number, missingBefore] = [0, 0];
  for (let round = 1; round <= rounds; round += 1) {
    await send([eventText(number++)], tally);
    await wait(random.below(600));
    const spared = random.below(cluster.nodes.length);
    const killed = cluster.nodes.filter((_, i) => i !== spared);
    await Promise.all(killed.map((node) => node.kill()));
    // One node alone may have what is published meanwhile: that is not confirmed.
    const meanwhile = send([eventText(number++)], tally);
    await wait(500 + random.below(5_500));
    for (const node of killed) node.start();
    // Again and again until it is confirmed, as a browser does.
    await meanwhile;
    await send([eventText(number++)], tally);
    const giveUpAt = performance.now() + ARRIVES_MS;
    while ((await count()).events + missingBefore < number && performance.now() < giveUpAt) await wait(250);
    const missing = number - (await count()).events;
    console.log(`round ${round} of ${rounds}: ${missing - missingBefore} confirmed events have not arrived`);
    missingBefore = missing;
  }
  await cluster.healthy();
  const before = await count();
  if (missingBefore > 0)
    spawnSync(process.execPath, [CLI, 'forward', '--replay-since', '50m'], {
      env: { PATH: process.env['PATH'], ...environment },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  const after = await count();
  const { stdout } = spawnSync(program('nats-server'), ['--version'], { encoding: 'utf8' });
  console.log(
    `${stdout.trim()}: ${number} confirmed, ${before.events} arrived, ${after.events} after a replay, ${number - after.events} lost`,
  );
  process.exitCode = after.events === number ? 0 : 1;
} finally {
  await forwarder.kill();
  await proxy.kill();
  await kill(upstream);
  await cluster.remove();
}
