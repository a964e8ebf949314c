/**
 * Controls the process of `site.ts`: reads the requests that a website and its proxy have received, and sets
 * their faults.
 */
import type { LoginRequest } from './login.ts';
import type { Fault } from './proxy-faults.ts';
import type { OpenSite, PrivateRequest, ProxyRequest, SiteChange, SiteNews } from './site.ts';
import type { SitePage } from './site-pages.ts';

export interface Site extends OpenSite {
  /** All batch requests to the proxy, in the order of the responses. */
  batches(): Promise<readonly ProxyRequest[]>;
  /** The private calls to the proxy, preflights included, in the same order. */
  privateCalls(): Promise<readonly PrivateRequest[]>;
  /** The requests of token providers to the site's own server. */
  logins(): Promise<readonly LoginRequest[]>;
  /** All other requests. */
  hits(): Promise<readonly string[]>;
  /** The number of batch requests that the proxy has received and not yet responded to. */
  underWay(): Promise<number>;
  /** How often the store of several copies has failed or timed out. */
  storeFailures(): Promise<number>;
  /** Sets the faults from now on, and removes those before. */
  faults(...faults: readonly Fault[]): Promise<void>;
  page(path: string, page: SitePage): Promise<void>;
  change(change: SiteChange): Promise<void>;
}

/** Opens a site in the process of `site.ts`. @param control the URL of that process */
export async function openSite(control: string, standIn: string): Promise<Site & { close(): Promise<void> }> {
  const ask = async <T>(method: string, id = '', body?: unknown): Promise<T> => {
    const response = await fetch(`${control}/sites/${id}`, {
      method,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as T;
  };
  const opened = await ask<OpenSite>('POST', '', { standIn });
  const change = async (what: SiteChange): Promise<void> => void (await ask('PATCH', opened.id, what));
  const news = (): Promise<SiteNews> => ask('GET', opened.id);
  return {
    ...opened,
    batches: async () => (await news()).batches,
    privateCalls: async () => (await news()).privateCalls,
    logins: async () => (await news()).logins,
    hits: async () => (await news()).hits,
    underWay: async () => (await news()).underWay,
    storeFailures: async () => (await news()).storeFailures,
    faults: (...faults) => change({ faults }),
    page: (path, page) => change({ pages: { [path]: page } }),
    change,
    close: async () => void (await ask('DELETE', opened.id)),
  };
}
