import type { SecretOption } from '../lib/secret.ts';
import type { AppApiOptions, TokenVerificationOptions } from '../tokens/token-options.ts';
import type { InAppOptions } from '../messages/in-app-options.ts';

/** The option `appApi`, complete. `url` has no slash at its end, as in {@link InAppSettings}. */
export interface AppApiSettings {
  readonly key: SecretOption;
  readonly url: string;
  /** The kind of the id by which the API is asked for a person. */
  readonly idType: NonNullable<TokenVerificationOptions['idType']>;
  readonly attributes: readonly string[] | undefined;
}

/** The option `inApp`, complete. */
export interface InAppSettings {
  /** Returns the site id. Called for each request, so that the id can be changed while the proxy runs. */
  readonly siteId: () => string | Promise<string>;
  readonly url: string;
}

/** The App API of each region: https://docs.customer.io/integrations/api/app/ */
const APP_APIS = { us: 'https://api.customer.io', eu: 'https://api-eu.customer.io' } as const;
/** The in-app service that Customer.io's own web plugin uses, in both regions. */
const IN_APP = 'https://consumer.cloud.gist.build';

export function resolveAppApi(
  { key, url, attributes }: AppApiOptions,
  region: 'us' | 'eu',
  { idType = 'id' }: Pick<TokenVerificationOptions, 'idType'> = {},
): AppApiSettings {
  return { key, url: withoutEndSlash(url ?? APP_APIS[region]), idType, attributes };
}

export function resolveInApp({ siteId, url = IN_APP }: InAppOptions): InAppSettings {
  return { siteId: typeof siteId === 'string' ? () => siteId : siteId, url: withoutEndSlash(url) };
}

/** Returns the URL as a text without slashes at its end. */
export function withoutEndSlash(url: string | URL): string {
  return String(url).replace(/\/+$/, '');
}
