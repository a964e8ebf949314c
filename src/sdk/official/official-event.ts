import type { OfficialAnalytics, OfficialEvent } from './contract.ts';
import { campaign } from '../event/enrich.ts';
import { pageFacts } from '../browser.ts';
import { DESTINATION } from './take-over.ts';

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
  const { search, userAgent, locale } = pageFacts();
  const utm = campaign(search);
  event.integrations = integrations;
  event.context = { locale, ...(utm && { campaign: utm }), ...event.context, userAgent };
  if (event.type === 'alias') {
    const user = analytics.user();
    event.previousId ??= user.id() ?? user.anonymousId();
  }
  // Destinations that have the event already: Customer.io must not send it to them again.
  const names = analytics.queue.plugins.flatMap(({ name, type }) => (type === 'destination' ? name : []));
  if (names.length)
    event._metadata = { bundled: [DESTINATION, ...names].sort(), unbundled: [], bundledIds: [] };
  return event;
}
