import type { ChildProcess } from 'node:child_process';
import type { Said } from './copy.ts';
import { isRunning, kill, startChild } from './child.ts';
import type { Arrival } from './upstream.ts';
import type { Rest } from './verdict.ts';

/** The copies of the proxy, and what has become of them. */
export interface Copies {
  readonly kills: readonly Arrival[];
  readonly rests: readonly Rest[];
  /** What their logs say of events that a dead copy may have delivered. */
  readonly unknown: number;
  /** Kills that copy and starts it again, at the same port. */
  replace(copy: number): Promise<void>;
  stop(): Promise<void>;
}

export interface CopiesNeeds {
  readonly ports: readonly number[];
  /** One for each copy. */
  readonly upstreamPorts: readonly number[];
  readonly redisUrl: string;
}

/** For so long the proxy leaves a store alone, and some more. */
const REST_MS = 5_500;

export async function startCopies({ ports, upstreamPorts, redisUrl }: CopiesNeeds): Promise<Copies> {
  const kills: Arrival[] = [];
  const rests: Rest[] = [];
  const children = new Map<number, ChildProcess>();
  let [unknown, stopped] = [0, false];

  async function start(copy: number): Promise<void> {
    const child = startChild('copy.ts', [ports[copy] ?? 0, upstreamPorts[copy] ?? 0, redisUrl]);
    children.set(copy, child);
    await new Promise<void>((resolve, reject) => {
      child.on('message', (said: Said) => {
        if (said.kind === 'listening') resolve();
        else if (said.kind === 'unknown') unknown += said.events;
        else rests.push({ copy, from: said.from, to: Date.now() + REST_MS });
      });
      // Where Redis is away it cannot start, and is started again by the next kill.
      child.on('exit', () => resolve());
      child.on('error', reject);
    });
  }

  await Promise.all(ports.map((_, copy) => start(copy)));
  if ([...children.values()].some((child) => !isRunning(child))) throw new Error('A copy does not start');

  return {
    kills,
    rests,
    get unknown() {
      return unknown;
    },
    async replace(copy) {
      const child = children.get(copy);
      if (!child || stopped) return;
      const at = Date.now();
      await kill(child);
      kills.push({ at, copy });
      if (!stopped) await start(copy);
    },
    async stop() {
      stopped = true;
      await Promise.all([...children.values()].map(kill));
    },
  };
}
