import { errorPage } from '../../protocol/links.ts';
import { isRecord } from '../../proxy/lib/is-record.ts';
import { inWords, isDelivered, outcomeOfReply, type Reply } from './probe.ts';
import { fail, type Finding, pass, skipInDryRun, warning } from './check-result.ts';
import type { CheckContext } from './check-context.ts';

const UNKNOWN_KEY = 'cio-first-party-check-unknown-key';
/** No page can have this origin: https://www.rfc-editor.org/rfc/rfc2606#section-2 */
const OTHER_ORIGIN = 'https://cio-first-party-check.invalid';
/** The types that need no person and no group, as the web SDK writes them in paths. */
const SHORT_PATHS = { t: 'track', i: 'identify', p: 'page', s: 'screen' } as const;
const DEVICE_EVENT = 'Device Created or Updated';
const SWITCH_ON = 'Set compatibility: true (CIO_COMPATIBILITY=on) in the proxy';

/**
 * Checks whether Customer.io's own SDKs, for the web and for apps, can send events to the proxy. There are findings only if the
 * proxy serves the settings that these SDKs read first, or if `--compatibility` asks for them.
 */
export async function checkCompatibility(context: CheckContext): Promise<readonly Finding[]> {
  const { clientKey, compatibility } = context;
  const settings = await readSettings(context, clientKey);
  if (keyIn(settings) === undefined && !compatibility) return [];
  return [
    served(settings, clientKey),
    refused('settings of a wrong key', await readSettings(context, UNKNOWN_KEY)),
    accepted(
      'key in the body',
      await sendEmpty(context, {}),
      'Read the client key from "writeKey" in the body.',
    ),
    refused('wrong key in the body', await sendEmpty(context, { key: UNKNOWN_KEY })),
    accepted(
      'text/plain',
      await sendEmpty(context, { type: 'text/plain' }),
      'Accept JSON with the Content-Type text/plain: the web SDK and the Android SDK send it.',
    ),
    otherOrigin(await sendEmpty(context, { type: 'text/plain', origin: OTHER_ORIGIN })),
    await shortPaths(context),
    await device(context),
  ];
}

function readSettings({ origin, probe }: CheckContext, key: string): Promise<Reply> {
  const path = `/v1/projects/${encodeURIComponent(key)}/settings`;
  return probe({ method: 'GET', path, headers: { Origin: origin } });
}

/** The key in the settings; `undefined` where the reply is no settings. */
function keyIn(reply: Reply): unknown {
  if (reply.kind === 'failure' || reply.status !== 200) return undefined;
  try {
    const { integrations } = JSON.parse(reply.text) as { integrations?: Record<string, unknown> };
    const settings = integrations?.['Customer.io Data Pipelines'];
    return isRecord(settings) ? settings['apiKey'] : undefined;
  } catch {
    return undefined;
  }
}

function served(reply: Reply, clientKey: string): Finding {
  const name = 'settings';
  if (keyIn(reply) === clientKey) return pass(name, inWords(reply));
  if (keyIn(reply) !== undefined)
    return fail(name, 'another key in the settings', 'Return the client key of the path as apiKey.');
  return fail(name, inWords(reply), `${SWITCH_ON}: Customer.io's SDKs read these settings before they send.`);
}

interface Sent {
  readonly key?: string;
  readonly type?: string;
  readonly origin?: string;
}

/** Sends an empty batch with the key in its body: it checks the key, and delivers nothing. */
function sendEmpty(context: CheckContext, { key = context.clientKey, type, origin }: Sent): Promise<Reply> {
  return context.post(JSON.stringify({ batch: [], writeKey: key }), {
    path: '/v1/b',
    authorization: null,
    headers: {
      ...(type !== undefined && { 'Content-Type': type }),
      ...(origin !== undefined && { Origin: origin, 'Sec-Fetch-Site': 'cross-site' }),
    },
  });
}

function accepted(name: string, reply: Reply, advice: string): Finding {
  return isDelivered(reply)
    ? pass(name, inWords(reply))
    : fail(name, inWords(reply), `${SWITCH_ON}. ${advice}`);
}

function refused(name: string, reply: Reply): Finding {
  if (reply.kind === 'answer' && reply.status === 401) return pass(name, inWords(reply));
  if (isDelivered(reply))
    return fail(
      name,
      inWords(reply),
      'Compare the key with your client keys, also where it is not in a header.',
    );
  return warning(name, inWords(reply), 'Return 401: the log then shows a wrong key.');
}

function otherOrigin(reply: Reply): Finding {
  const name = 'text/plain of other origins';
  if (!isDelivered(reply)) return pass(name, inWords(reply));
  return fail(
    name,
    inWords(reply),
    `Check the origin before the body: browsers send text/plain without a preflight. More: ${errorPage('origin_not_allowed')}`,
  );
}

async function shortPaths({ clientKey, dry, samples, post }: CheckContext): Promise<Finding> {
  const name = 'short paths';
  if (dry) return skipInDryRun(name);
  const missing: string[] = [];
  let last: Reply | undefined;
  for (const [letter, type] of Object.entries(SHORT_PATHS)) {
    const body = JSON.stringify({ ...samples.event(type), writeKey: clientKey });
    const headers = { 'Content-Type': 'text/plain' };
    const reply = await post(body, { path: `/v1/${letter}`, authorization: null, headers });
    if (isDelivered(reply)) continue;
    missing.push(`/v1/${letter}`);
    last = reply;
  }
  if (last === undefined)
    return pass(
      name,
      Object.keys(SHORT_PATHS)
        .map((each) => `/v1/${each}`)
        .join(' '),
    );
  return fail(
    name,
    `${missing.join(' ')}: ${inWords(last)}`,
    `${SWITCH_ON}: the web SDK sends single calls.`,
  );
}

/** Checks that a client key alone cannot connect a device with a person: it could receive the push messages of that person. */
async function device({ dry, samples, post }: CheckContext): Promise<Finding> {
  const name = 'device without a token';
  if (dry) return skipInDryRun(name);
  const event = {
    ...samples.event(),
    event: DEVICE_EVENT,
    context: { device: { token: 'check', type: 'android' } },
  };
  const reply = await post(JSON.stringify(event), { path: '/v1/track' });
  const outcome = outcomeOfReply(reply);
  if (outcome.kind !== 'delivered' || outcome.refused?.length === 1) return pass(name, inWords(reply));
  return fail(
    name,
    inWords(reply),
    `Refuse "${DEVICE_EVENT}" without a customer token of that person. More: ${errorPage('privileged_event')}`,
  );
}
