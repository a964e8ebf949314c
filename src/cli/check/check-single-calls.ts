import { inWords, isDelivered, type Reply } from './probe.ts';
import { type Finding, pass, skipInDryRun, warning } from './check-result.ts';
import type { CheckContext } from './check-context.ts';

/** The types that need no person and no group: these would then exist in the workspace. */
const TYPES = ['track', 'identify', 'page', 'screen'];

/** Checks whether single calls, such as `/v1/track`, are accepted. The SDK does not need them: it sends only batches. */
export async function checkSingleCalls({ dry, samples, post }: CheckContext): Promise<readonly Finding[]> {
  const name = 'single calls';
  if (dry) return [skipInDryRun(name)];
  const missing: string[] = [];
  let last: Reply | undefined;
  for (const type of TYPES) {
    const reply = await post(JSON.stringify(samples.event(type)), { path: `/v1/${type}` });
    if (isDelivered(reply)) continue;
    missing.push(`/v1/${type}`);
    last = reply;
  }
  if (last === undefined) return [pass(name, TYPES.map((type) => `/v1/${type}`).join(' '))];
  return [
    warning(
      name,
      `${missing.join(' ')}: ${inWords(last)}`,
      'Nothing to do for this SDK. If other clients send single calls, forward each call like a batch of one event.',
    ),
  ];
}
