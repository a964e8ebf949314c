/** Speaks to the process of `site.ts`: one website with its proxy, what it was asked, and what goes wrong there. */
import type { LoginRequest } from './login.ts';
import type { Fault } from './proxy-faults.ts';
import type { OpenSite, PrivateRequest, ProxyRequest, SiteChange, SiteNews } from './site.ts';
import type { SitePage } from './site-pages.ts';

export interface Site extends OpenSite {
  /** All that the proxy was asked, in the order of its answers. */
  batches(): Promise<readonly ProxyRequest[]>;
  /** Its private calls, preflights included, in the same order. */
  privateCalls(): Promise<readonly PrivateRequest[]>;
  /** What token providers have asked the site's own server. */
  logins(): Promise<readonly LoginRequest[]>;
  /** All other requests. */
  hits(): Promise<readonly string[]>;
  /** Batches that the proxy has, and has not answered yet. */
  underWay(): Promise<number>;
  /** How often the store of several copies has failed, or taken too long. */
  storeFailures(): Promise<number>;
  /** What goes wrong from now on, instead of what went wrong until now. */
  faults(...faults: readonly Fault[]): Promise<void>;
  page(path: string, page: SitePage): Promise<void>;
  change(change: SiteChange): Promise<void>;
}

/** Opens a site in the process of `site.ts`. @param control its address */
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
