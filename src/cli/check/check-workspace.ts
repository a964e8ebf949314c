import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { CheckContext } from './check-context.ts';
import { fail, type Finding, pass, skip } from './check-result.ts';
import { isDelivered, inWords, outcomeOfReply } from './probe.ts';
import { EVENT_NAME, USER_ID } from './sample-events.ts';

/** Where the workspace is read. */
export interface WorkspaceOptions {
  /** A key of Customer.io's App API. The key is sent to `url` only, and never printed. */
  readonly key: string;
  /** The URL of the App API, without a slash at its end. */
  readonly url: string;
  /** How long Customer.io may take to process the events, in milliseconds. */
  readonly waitMs: number;
}

/** The attribute of the test person by which this run is recognised. */
const ATTRIBUTE = 'cio_first_party_check';
const POLL_MS = 1_000;
const REQUEST_TIMEOUT_MS = 10_000;

/** The result of a read of the App API. `wrong`: no later read will find more. */
type Read =
  | { readonly kind: 'found' }
  | { readonly kind: 'absent'; readonly detail: string }
  | { readonly kind: 'wrong'; readonly detail: string; readonly advice: string };

/**
 * Sends a person and an event through the proxy, and reads both back from the workspace with the App API: 2xx of a proxy shows that it
 * has taken the events, and not that they are in the right workspace.
 */
export async function checkWorkspace(
  context: CheckContext,
  workspace: WorkspaceOptions,
): Promise<readonly Finding[]> {
  const run = randomUUID();
  const sent = await context.postEvents(context.samples.person(ATTRIBUTE, run));
  const outcome = outcomeOfReply(sent);
  const refused = outcome.kind === 'delivered' ? (outcome.refused?.length ?? 0) : 0;
  if (!isDelivered(sent) || refused > 0) {
    const why = refused > 0 ? `${refused} of 2 events refused` : inWords(sent);
    return [skip('test person', `the proxy takes no events of the person "${USER_ID}": ${why}`)];
  }
  const person = encodeURIComponent(USER_ID);
  const read = (path: string): Promise<Read> =>
    readUntilFound(workspace, `/v1/customers/${person}/${path}`, run);
  const attributes = await toFinding('test person', read('attributes?id_type=id'));
  if (attributes.status !== 'pass') return [attributes];
  const name = encodeURIComponent(EVENT_NAME);
  return [
    attributes,
    await toFinding('test event', read(`activities?id_type=id&type=event&name=${name}&limit=100`)),
  ];
}

async function toFinding(name: string, reading: Promise<Read>): Promise<Finding> {
  const startedMs = performance.now();
  const read = await reading;
  if (read.kind === 'found') {
    const seconds = Math.round((performance.now() - startedMs) / 1_000);
    return pass(name, `in the workspace, found after ${seconds} s`);
  }
  return read.kind === 'wrong'
    ? fail(name, read.detail, read.advice)
    : fail(
        name,
        read.detail,
        'Compare the workspace of the App API key with that of the write key of the proxy, and the region of both. Open the source in ' +
          'Customer.io: events that it has refused are in its activity log.',
      );
}

/** Reads until the answer contains the id of this run, or the time is over. */
async function readUntilFound(
  { key, url, waitMs }: WorkspaceOptions,
  path: string,
  run: string,
): Promise<Read> {
  const endMs = performance.now() + waitMs;
  for (;;) {
    const read = await readOnce(`${url}${path}`, key, run);
    if (read.kind !== 'absent' || performance.now() + POLL_MS > endMs) return read;
    await delay(POLL_MS);
  }
}

async function readOnce(url: string, key: string, run: string): Promise<Read> {
  let status: number;
  let text: string;
  try {
    const response = await fetch(url, {
      headers: { Authorization: `Bearer ${key}`, Accept: 'application/json' },
      // The target of a redirect must not get the key.
      redirect: 'manual',
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    status = response.status;
    text = await response.text();
  } catch {
    return { kind: 'absent', detail: `no answer of the App API at ${new URL(url).origin}` };
  }
  if (status === 401 || status === 403)
    return {
      kind: 'wrong',
      detail: `the App API returned ${status}`,
      advice:
        'Set CIO_APP_API_KEY to an App API key of the workspace that may read people, and CIO_REGION to its region.',
    };
  if (status >= 300 && status < 400)
    return {
      kind: 'wrong',
      detail: `the App API returned ${status}, a redirect`,
      advice:
        'Set CIO_APP_API_URL to the URL of the App API itself, with https: the key is sent to no other URL.',
    };
  if (status !== 200 && status !== 404) return { kind: 'absent', detail: `the App API returned ${status}` };
  return text.includes(run) ? { kind: 'found' } : { kind: 'absent', detail: 'not in the workspace' };
}
