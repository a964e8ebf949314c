/** Methods of Customer.io's SDK that few pages call. This file is loaded with the first call of one of them. */
import type { Analytics, Receipt } from '../api.ts';
import type { SdkError } from '../../protocol/errors.ts';
import type { EventMethod } from '../event/call.ts';

/** Makes a call with the time and the page of the call of the method. */
type MakeCall = (method: EventMethod, args: readonly unknown[]) => Promise<Receipt>;

const LISTENERS = 'on(), which returns a function that removes the listener';

/** For each method that is not supported: what to use instead. */
const INSTEAD: Readonly<Record<string, string>> = {
  load: 'createAnalytics({ proxyUrl, clientKey })',
  addDestinationMiddleware:
    'beforeSend, or register() with a plugin of type "enrichment": there are no device-mode destinations',
  addIntegrationMiddleware: 'addSourceMiddleware()',
  addIntegration: 'register() with a plugin of type "destination"',
  add: 'register() with a plugin',
  normalize: 'the option beforeSend, which gets each event before it is stored',
  noConflict: 'another variable, or data-global on the script tag',
  log: 'debug(true), or the option debug',
  addEventListener: LISTENERS,
  removeEventListener: 'off(name, listener), or the function that on() has returned',
  removeListener: 'off(name, listener), or the function that on() has returned',
  removeAllListeners: 'off(name, listener) for each listener',
  listeners: `your own list: ${LISTENERS}`,
  hasListeners: `your own list: ${LISTENERS}`,
};

/**
 * Runs a method of `vendor-members.ts`. Rejects where the method is not supported.
 * @param unsupported makes the error: applications compare its class, and a class of this file would be another one
 */
export async function runVendorCall(
  name: string,
  args: readonly unknown[],
  analytics: Analytics,
  call: MakeCall,
  unsupported: (name: string, instead: string) => SdkError,
): Promise<unknown> {
  const instead = INSTEAD[name];
  if (instead) throw unsupported(`${name}()`, instead);
  if (name === 'queryString') return Promise.all(callsOf(String(args[0]), analytics, call));
  return analytics;
}

/** The first load imports this file by this name. */
export { runVendorCall as create };

/** Makes the calls that a query asks for, in the order of Customer.io's SDK. */
function callsOf(
  query: string,
  analytics: Pick<Analytics, 'setAnonymousId'>,
  call: MakeCall,
): readonly Promise<Receipt>[] {
  // The text may be a whole URL, or a query with or without `?`.
  const given = new URLSearchParams(query.replace(/^[^?]*\?/, '').replace(/#.*/, ''));
  const one = (name: string): string | null => given.get(`ajs_${name}`);
  const all = (prefix: string): Record<string, string> =>
    Object.fromEntries(
      [...given].flatMap(([key, value]) =>
        key.startsWith(`ajs_${prefix}_`) ? [[key.slice(prefix.length + 5), value]] : [],
      ),
    );
  const anonymousId = one('aid');
  const userId = one('uid');
  const event = one('event');
  if (anonymousId) analytics.setAnonymousId(anonymousId);
  return [
    ...(userId ? [call('identify', [userId, all('trait')])] : []),
    ...(event ? [call('track', [event, all('prop')])] : []),
  ];
}
