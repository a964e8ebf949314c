import { checkPageLeave } from './check-page-leave.ts';
import { checkBatch } from './check-batch.ts';
import { checkCompression } from './check-compression.ts';
import { checkCredentials } from './check-credentials.ts';
import { checkCompatibility } from './check-compatibility.ts';
import { checkErrors } from './check-errors.ts';
import { checkEvents } from './check-events.ts';
import { checkPreflight } from './check-preflight.ts';
import { checkConnection } from './check-connection.ts';
import { type Finding, type CheckResult, skip } from './check-result.ts';
import { type CheckOptions, createCheckContext, type CheckContext } from './check-context.ts';
import { checkSingleCalls } from './check-single-calls.ts';
import { checkTiming } from './check-timing.ts';
import { checkWorkspace } from './check-workspace.ts';

/** A group of checks. */
interface Group {
  readonly name: string;
  /** The group is skipped when no event is accepted. */
  readonly sendsEvents?: true;
  /** Whether the options ask for the group. @default always */
  isWanted?(context: CheckContext): boolean;
  /** The group is left out, and not skipped, unless `--compatibility` asks for it. */
  readonly isOptional?: true;
  run(context: CheckContext): Promise<readonly Finding[]>;
}

/** The groups in their order: each relies on the findings of those before it. */
const GROUPS: readonly Group[] = [
  { name: 'reach', run: checkConnection },
  { name: 'preflight', run: checkPreflight },
  { name: 'credentials', run: checkCredentials },
  { name: 'batch', sendsEvents: true, run: checkBatch },
  { name: 'single', sendsEvents: true, run: checkSingleCalls },
  { name: 'compression', sendsEvents: true, run: checkCompression },
  { name: 'leaving', sendsEvents: true, run: checkPageLeave },
  { name: 'events', sendsEvents: true, run: checkEvents },
  {
    name: 'workspace',
    sendsEvents: true,
    isWanted: ({ workspace }) => workspace !== undefined,
    run: async (context) => (context.workspace ? checkWorkspace(context, context.workspace) : []),
  },
  { name: 'errors', run: checkErrors },
  { name: 'timing', run: checkTiming },
  // The last group: its requests must not count in the groups that look at all responses.
  { name: 'compatibility', isOptional: true, run: checkCompatibility },
];

/**
 * Runs all checks one after the other. A group that an earlier finding has made pointless is one result: skipped, with
 * the reason.
 */
export async function runChecks(options: CheckOptions): Promise<readonly CheckResult[]> {
  const context = createCheckContext(options);
  const results: CheckResult[] = [];
  let obstacle: Finding | undefined;
  for (const { name: group, sendsEvents, isOptional, isWanted, run } of GROUPS) {
    if (isWanted?.(context) === false) continue;
    const isBlocked = obstacle?.blocks === 'all' || (obstacle?.blocks === 'events' && sendsEvents);
    if (isBlocked && isOptional && !context.compatibility) continue;
    const findings = isBlocked ? [skip(group, `because of: ${obstacle?.name}`)] : await run(context);
    obstacle ??= findings.find(({ blocks }) => blocks !== undefined);
    for (const { blocks: _, ...finding } of findings) results.push({ group, ...finding });
  }
  return results;
}
