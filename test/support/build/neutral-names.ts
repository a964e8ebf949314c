/**
 * Words by which tracker blocklists recognise URLs. The patterns are our own: a blocklist knows nothing of a
 * site's own host but its paths. A word counts when it stands alone, or at the beginning or end of a part of
 * the path, in the plural too.
 */
const WORDS = [
  'ad',
  'adserv(er|ice)?',
  'advert(s|ising|isement)?',
  'affiliate',
  'analytic',
  'attribution',
  'audience',
  'banner',
  'beacon',
  'click(s|stream|through)?',
  'collect(or|ion|s)?',
  'conversion',
  'cookie',
  'counter',
  'crashlog',
  'datalayer',
  'event',
  'fingerprint',
  'hit',
  'identif(y|ier)',
  'impression',
  'ingest',
  'insight',
  'log(s|ger|ging)?',
  'marketing',
  'measure(ment)?',
  'metric',
  'monitor(ing)?',
  'optimizer?',
  'page-?view',
  'ping',
  'pixel',
  'promo',
  'rum',
  'session-?replay',
  'sponsor',
  'stat(s|istics?)?',
  'survey',
  'tag-?manager',
  'telemetry',
  'tracing',
  'track(er|ing|s)?',
  'utm',
  'visit(or)?',
  // Names of companies that make tracking tools.
  'amplitude',
  'cdp',
  'customer-?io',
  'gist',
  'gtag',
  'gtm',
  'matomo',
  'mixpanel',
  'piwik',
  'posthog',
  'segment',
  'snowplow',
];

const TRACKER = new RegExp(`(?<![a-z])(${WORDS.join('|')})s?(?![a-z])`, 'i');
const GLUED =
  /(analytics|track(er|ing)|telemetry|beacon|pixel|collect(or)?|event|logging|metrics)(?=[./?]|$)/i;

/** Returns the word in a path or its query that a tracker blocklist would recognise; undefined: none. */
export const suspicious = (path: string): string | undefined =>
  TRACKER.exec(path)?.[0] ?? GLUED.exec(path)?.[0];
