import { SdkError } from '../../protocol/errors.ts';
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

/** Everything that is wrong with the options of a forwarder. */
export function findForwarderProblems(given: Readonly<Record<string, unknown>>): readonly OptionProblem[] {
  const owner = 'the forwarder';
  const inside = given['upstream'];
  return [
    ...checkGroup(given, FORWARDER_RULES, { owner }),
    ...(isRecord(inside) ? checkGroup(inside, UPSTREAM_RULES, { prefix: 'upstream.', owner }) : []),
  ];
}

/** @throws SdkError `invalid-options`, with every problem in its message */
export function resolveForwarder(
  options: ForwarderOptions,
): UpstreamSettings & Pick<ForwarderOptions, 'onLog'> {
  const given: unknown = options;
  if (!isRecord(given))
    throw new SdkError('invalid-options', `createForwarder: "options" must be an object, got ${show(given)}`);
  const problems = findForwarderProblems(given);
  if (problems.length > 0) {
    const list = problems.map(({ option, problem }) => `"${option}" ${problem}`);
    throw new SdkError('invalid-options', `createForwarder: ${list.join('; ')}`);
  }
  return { ...resolveUpstream(options), onLog: options.onLog };
}
