import type { PageFacts } from '../browser.ts';
import type { Categories } from '../events.ts';
import type { Library, PluginEvent } from './draft-event.ts';
import type { Snapshot } from './snapshot.ts';

/** The five page fields of Customer.io's events. https://docs.customer.io/integrations/data-in/connections/javascript/ */
export function pageFields(page: PageFacts): Record<string, string> {
  const { canonical, href, path, referrer, search, title } = page;
  const withoutHash = href.split('#', 1)[0] ?? '';
  return {
    path: canonical ? canonicalPath(canonical, page) : path,
    referrer,
    search,
    title,
    url: canonical ? (canonical.includes('?') ? canonical : canonical + search) : withoutHash,
  };
}

function canonicalPath(canonical: string, page: PageFacts): string {
  try {
    return new URL(canonical, page.href).pathname;
  } catch {
    return page.path;
  }
}

/** Reads the `utm_*` parameters of the page's URL, without the prefix. `utm_campaign` becomes `name`, as in the wrapped SDK. */
export function campaign(search: string): Record<string, string> | undefined {
  if (!search.includes('utm_')) return undefined;
  const found: Record<string, string> = {};
  for (const [key, value] of new URLSearchParams(search)) {
    const field = key.startsWith('utm_') ? key.slice(4) : '';
    if (field) found[field === 'campaign' ? 'name' : field] = value;
  }
  return found;
}

/** Puts time, page, campaign, locale, user agent, library and the visitor's consent on an event, before any plugin sees it. */
export function enrich(
  event: PluginEvent,
  snapshot: Snapshot,
  library: Library,
  categoryPreferences: Categories,
): void {
  // A Date of the application is a text by now: `toJsonValue` has copied the arguments.
  const { timestamp } = event;
  const { at, page } = snapshot;
  if (typeof timestamp !== 'string' || Number.isNaN(Date.parse(timestamp)))
    event.timestamp = new Date(at).toISOString();
  const fields = pageFields(page);
  if (event.type === 'page') {
    event.properties = { ...fields, ...event.properties, ...(event.name ? { name: event.name } : {}) };
  }
  const context: Record<string, unknown> = { ...event.context };
  // Screens get no page, as in the wrapped SDK: the apps that call `screen` have none.
  if (event.type !== 'screen') {
    for (const key of Object.keys(fields)) {
      const property = event.properties?.[key];
      if (typeof property === 'string' && property) fields[key] = property;
    }
    context['page'] = { ...fields, ...(context['page'] as object | undefined) };
  }
  context['userAgent'] = page.userAgent;
  context['locale'] ??= page.locale;
  context['library'] ??= library;
  // The field of Segment's consent wrappers. https://segment.com/docs/privacy/consent-management/
  if (Object.keys(categoryPreferences).length) context['consent'] ??= { categoryPreferences };
  const utm = campaign(page.search);
  if (utm) context['campaign'] ??= utm;
  event.context = context;
}
