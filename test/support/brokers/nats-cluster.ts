/**
 * NATS servers with JetStream that form one cluster. Each is a process of its own, and its files stay when
 * the process ends.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { listen } from '../server/listen.ts';
import { program } from '../setup/programs.ts';

export interface NatsNode {
  readonly url: string;
  readonly monitor: string;
  readonly pid: number | undefined;
  /** Kills the node with SIGKILL: the node cannot write anything more. */
  kill(): Promise<void>;
  /** Starts the node again with the same files. Does not wait until the node has joined the cluster. */
  start(): void;
}

export interface NatsCluster {
  readonly nodes: readonly NatsNode[];
  /** The URLs of all nodes, separated by commas. */
  readonly url: string;
  /** Waits until JetStream has a leader that sees `count` nodes. */
  healthy(count?: number): Promise<void>;
  /** Ends the nodes and deletes their files. */
  remove(): Promise<void>;
}

async function freePorts(count: number): Promise<readonly number[]> {
  const listening = await Promise.all(Array.from({ length: count }, () => listen(createServer())));
  const ports = listening.map(({ port }) => port);
  await Promise.all(
    listening.map(({ server }) => {
      server.close();
      return once(server, 'close');
    }),
  );
  return ports;
}

/** @param started how many of the nodes are started; the others start with `start()` */
export async function createNatsCluster(count = 3, started = count): Promise<NatsCluster> {
  const folder = mkdtempSync(path.join(tmpdir(), 'nats-cluster-'));
  const ports = await freePorts(count * 3);
  const routes = Array.from({ length: count }, (_, i) => `nats://127.0.0.1:${ports[count + i]}`);
  const nodes = routes.map((route, i) => createNode(route, i));

  function createNode(route: string, i: number): NatsNode {
    const [port, monitorPort] = [ports[i], ports[2 * count + i]];
    let child: ChildProcess | undefined;
    const settings: readonly string[] = [
      ...[
        '--name',
        `n${i + 1}`,
        '--addr',
        '127.0.0.1',
        '--port',
        String(port),
        '--http_port',
        String(monitorPort),
      ],
      ...['--jetstream', '--store_dir', path.join(folder, `n${i + 1}`)],
      ...['--cluster_name', 'cio', '--cluster', route, '--routes', routes.join(',')],
    ];
    return {
      url: `nats://127.0.0.1:${port}`,
      monitor: `http://127.0.0.1:${monitorPort}`,
      get pid() {
        return child?.pid;
      },
      start() {
        child = spawn(program('nats-server'), settings, { stdio: 'ignore' });
      },
      async kill() {
        if (!child || child.exitCode !== null || child.signalCode !== null) return;
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
      },
    };
  }

  async function isHealthy({ monitor }: NatsNode): Promise<boolean> {
    try {
      return (await fetch(`${monitor}/healthz`)).ok;
    } catch {
      return false;
    }
  }

  const cluster: NatsCluster = {
    nodes,
    url: nodes.map(({ url }) => url).join(','),
    async healthy(wanted = count) {
      const giveUpAt = performance.now() + 60_000;
      for (;;) {
        const states = await Promise.all(nodes.map(isHealthy));
        if (states.filter(Boolean).length >= wanted) return;
        if (performance.now() > giveUpAt)
          throw new Error(`The cluster has not become healthy: ${states.join()}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    async remove() {
      await Promise.all(nodes.map((node) => node.kill()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
  for (const node of nodes.slice(0, started)) node.start();
  return cluster;
}
