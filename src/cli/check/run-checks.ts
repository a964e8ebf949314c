import { checkLeaving } from './check-leaving.ts';
import { checkBatch } from './check-batch.ts';
import { checkCompression } from './check-compression.ts';
import { checkCredentials } from './check-credentials.ts';
import { checkErrors } from './check-errors.ts';
import { checkEvents } from './check-events.ts';
import { checkPreflight } from './check-preflight.ts';
import { checkReach } from './check-connection.ts';
import { type Finding, type CheckResult, skip } from './result.ts';
import { type CheckOptions, createCheckContext, type CheckContext } from './context.ts';
import { checkSingle } from './check-single-calls.ts';
import { checkTiming } from './check-timing.ts';

interface Group {
  readonly name: string;
  /** Pointless where no event passes. */
  readonly sendsEvents?: true;
  run(scene: CheckContext): Promise<readonly Finding[]>;
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
export async function runChecks(options: CheckOptions): Promise<readonly CheckResult[]> {
  const scene = createCheckContext(options);
  const rows: CheckResult[] = [];
  let obstacle: Finding | undefined;
  for (const { name: group, sendsEvents, run } of GROUPS) {
    const isBlocked = obstacle?.blocks === 'all' || (obstacle?.blocks === 'events' && sendsEvents);
    const findings = isBlocked ? [skip(group, `because of: ${obstacle?.name}`)] : await run(scene);
    obstacle ??= findings.find(({ blocks }) => blocks !== undefined);
    for (const { blocks: _, ...row } of findings) rows.push({ group, ...row });
  }
  return rows;
}
