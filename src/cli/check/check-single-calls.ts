import { inWords, isDelivered, type Reply } from './probe.ts';
import { type Finding, pass, skip, warning } from './result.ts';
import type { CheckContext } from './context.ts';

/** Those that need no person and no group, which would then exist in the workspace. */
const TYPES = ['track', 'identify', 'page', 'screen'];

/** One call at an address of its own. The SDK has no need of them: it sends batches only. */
export async function checkSingle({ dry, samples, post }: CheckContext): Promise<readonly Finding[]> {
  const name = 'single calls';
  if (dry) return [skip(name, '--dry')];
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
      'Nothing to do for this SDK. Other senders may want them: forward them as you forward a batch of one.',
    ),
  ];
}
