import { checkLeaving } from './leaving.ts';
import { checkBatch } from './batch.ts';
import { checkCompression } from './compression.ts';
import { checkCredentials } from './credentials.ts';
import { checkErrors } from './errors.ts';
import { checkEvents } from './events.ts';
import { checkPreflight } from './preflight.ts';
import { checkReach } from './reach.ts';
import { type Finding, type Row, skip } from './row.ts';
import { type CheckOptions, createScene, type Scene } from './scene.ts';
import { checkSingle } from './single.ts';
import { checkTiming } from './timing.ts';

interface Group {
  readonly name: string;
  /** Pointless where no event passes. */
  readonly sendsEvents?: true;
  run(scene: Scene): Promise<readonly Finding[]>;
}

/** In this order: each relies on what those before it have found. */
const GROUPS: readonly Group[] = [
  { name: 'reach', run: checkReach },
  { name: 'preflight', run: checkPreflight },
  { name: 'credentials', run: checkCredentials },
  { name: 'batch', sendsEvents: true, run: checkBatch },
  { name: 'single', sendsEvents: true, run: checkSingle },
  { name: 'compression', sendsEvents: true, run: checkCompression },
  { name: 'leaving', sendsEvents: true, run: checkLeaving },
  { name: 'events', sendsEvents: true, run: checkEvents },
  { name: 'errors', run: checkErrors },
  { name: 'timing', run: checkTiming },
];

/** Asks one thing after the other. What something else has made pointless is a row too: skipped, and why. */
export async function runChecks(options: CheckOptions): Promise<readonly Row[]> {
  const scene = createScene(options);
  const rows: Row[] = [];
  let obstacle: Finding | undefined;
  for (const { name: group, sendsEvents, run } of GROUPS) {
    const isBlocked = obstacle?.blocks === 'all' || (obstacle?.blocks === 'events' && sendsEvents);
    const findings = isBlocked ? [skip(group, `because of: ${obstacle?.name}`)] : await run(scene);
    obstacle ??= findings.find(({ blocks }) => blocks !== undefined);
    for (const { blocks: _, ...row } of findings) rows.push({ group, ...row });
  }
  return rows;
}
