import type { AppApiOptions, InAppOptions } from '../tokens/token-options.ts';

/** `appApi`, complete. The address is without a slash at its end, as in {@link InAppSettings}. */
export interface AppApiSettings {
  readonly key: string;
  readonly url: string;
  readonly attributes: readonly string[] | undefined;
}

/** `inApp`, complete. */
export interface InAppSettings {
  readonly siteId: string;
  readonly url: string;
}

/** https://docs.customer.io/integrations/api/app/ */
const APP_APIS = { us: 'https://api.customer.io', eu: 'https://api-eu.customer.io' } as const;
/** What Customer.io's own in-app plugin for the web talks to, in both regions. */
const IN_APP = 'https://consumer.cloud.gist.build';

export function resolveAppApi({ key, url, attributes }: AppApiOptions, region: 'us' | 'eu'): AppApiSettings {
  return { key, url: withoutEndSlash(url ?? APP_APIS[region]), attributes };
}

export function resolveInApp({ siteId, url = IN_APP }: InAppOptions): InAppSettings {
  return { siteId, url: withoutEndSlash(url) };
}

function withoutEndSlash(url: string | URL): string {
  return String(url).replace(/\/+$/, '');
}
