import type { Candidate } from '../candidate.ts';

/** The classic script, loaded from the real proxy and sending to it: a path on the page's own origin, as recommended. */
export const ours: Candidate = {
  key: 'ours',
  title: 'cio-first-party',
  script: 'dist/cio.js',
  attributes: { 'data-proxy-url': '/e', 'data-client-key': 'bench' },
  before: () => '',
  after: () => 'window.sdk = cioanalytics;',
  // Later than it must be: by then it is durable.
  tellTaken: "cioanalytics.on('stored', taken);",
  ready: 'Promise.resolve()',
  resource: () => ({}),
  eventsIn: (body) =>
    (body as { batch: readonly { properties: object }[] }).batch.map(({ properties }) => properties),
};
