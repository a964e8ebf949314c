import type { OfficialAnalytics, OfficialContext, OfficialEvent } from './contract.ts';
import { campaign, pageFields } from '../event/enrich.ts';
import { pageFacts } from '../browser.ts';
import { DESTINATION } from './take-over.ts';

/** As the SDK's own destination does it. */
function addPreviousId(analytics: OfficialAnalytics, event: OfficialEvent): void {
  if (event.type !== 'alias') return;
  const user = analytics.user();
  event.previousId ??= user.id() ?? user.anonymousId();
}

/**
 * Puts page and previous id of this moment on an event, within its call. The SDK reads them after the task of the call, in which an app
 * may already have shown the next page. The SDK keeps what it finds on the event.
 */
export function freezeCall(analytics: OfficialAnalytics, context: OfficialContext): void {
  const event = context.event as OfficialEvent;
  addPreviousId(analytics, event);
  const facts = pageFacts();
  // As the SDK does it: the canonical link counts on every path.
  const fields: Record<string, unknown> = pageFields({ ...facts, canonical: facts.declared });
  const utm = campaign(facts.search);
  if (event.type === 'page') event.properties = { ...fields, ...event.properties };
  for (const key of Object.keys(fields)) fields[key] = event.properties?.[key] || fields[key];
  event.context = {
    ...(utm && { campaign: utm }),
    ...event.context,
    ...(event.type !== 'screen' && {
      page: { ...fields, ...(event.context?.['page'] as object | undefined) },
    }),
  };
}

/**
 * Copies an event of Customer.io's SDK, with what the SDK's own destination adds from the state at this moment. Returns undefined where
 * the call has switched the destination off: `track(name, properties, { integrations: { 'Customer.io Data Pipelines': false } })`.
 */
export function copyEvent(analytics: OfficialAnalytics, given: object): OfficialEvent | undefined {
  // A copy: changes that a destination makes must not change the event.
  const event = JSON.parse(JSON.stringify(given)) as OfficialEvent;
  const { [DESTINATION]: choice, ...integrations } = event.integrations ?? {};
  // `false` for all events switches off the destination that this plugin replaces.
  if (choice === false && analytics.integrations?.[DESTINATION] !== false) return undefined;
  const { userAgent, locale } = pageFacts();
  event.integrations = integrations;
  event.context = { locale, ...event.context, userAgent };
  addPreviousId(analytics, event);
  // Destinations that have the event already: Customer.io must not send it to them again.
  const names = analytics.queue.plugins.flatMap(({ name, type }) => (type === 'destination' ? name : []));
  if (names.length)
    event._metadata = { bundled: [DESTINATION, ...names].sort(), unbundled: [], bundledIds: [] };
  return event;
}
