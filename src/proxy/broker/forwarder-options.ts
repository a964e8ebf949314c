import { invalidOptions } from '../options/invalid-options.ts';
import { checkGroup, type OptionProblem } from '../options/check-group.ts';
import { UPSTREAM_RULES } from '../options/limit-rules.ts';
import { RULES } from '../options/check-options.ts';
import type { ForwarderOptions } from './contract.ts';
import { isRecord } from '../lib/is-record.ts';
import { type Rules, show } from '../options/rules.ts';
import { resolveUpstream, type UpstreamSettings } from '../upstream/upstream-settings.ts';

const { writeKey, region, upstreamUrl, upstream, fetch, timeoutMs, onLog } = RULES;
const FORWARDER_RULES: Rules<ForwarderOptions> = {
  writeKey,
  region,
  upstreamUrl,
  upstream,
  fetch,
  timeoutMs,
  onLog,
};

/** Returns all problems with the options of a forwarder. */
export function findForwarderProblems(options: Readonly<Record<string, unknown>>): readonly OptionProblem[] {
  const owner = 'the forwarder';
  const limits = options['upstream'];
  return [
    ...checkGroup(options, FORWARDER_RULES, { owner }),
    ...(isRecord(limits) ? checkGroup(limits, UPSTREAM_RULES, { prefix: 'upstream.', owner }) : []),
  ];
}

/**
 * Checks and resolves the options of a forwarder.
 *
 * @throws SdkError `invalid-options`, with every problem in its message
 */
export function resolveForwarder(
  options: ForwarderOptions,
): UpstreamSettings & Pick<ForwarderOptions, 'onLog'> {
  const unchecked: unknown = options;
  if (!isRecord(unchecked))
    throw invalidOptions('createForwarder', [
      { option: 'options', problem: `must be an object, got ${show(unchecked)}` },
    ]);
  const problems = findForwarderProblems(unchecked);
  if (problems.length > 0) throw invalidOptions('createForwarder', problems);
  return { ...resolveUpstream(options), onLog: options.onLog };
}
