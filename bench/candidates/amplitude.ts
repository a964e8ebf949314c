import type { Candidate } from '../candidate.ts';

/** Everything that it does besides tracking is turned off; the rest is as it comes. */
export const amplitude: Candidate = {
  key: 'amplitude',
  title: 'Amplitude',
  script: 'node_modules/@amplitude/analytics-browser/lib/scripts/amplitude-min.umd.js',
  attributes: {},
  before: () => '',
  after: ({ collector }) => `
    window.started = amplitude.init('bench', {
      serverUrl: '${collector}/2/httpapi',
      autocapture: false,
      remoteConfig: { fetchRemoteConfig: false },
    });
    window.sdk = amplitude;`,
  tellTaken:
    "amplitude.add({ name: 'bench', type: 'enrichment', execute: async (event) => (taken(), event) });",
  ready: 'started.promise',
  resource: () => ({}),
  eventsIn: (body) =>
    ((body as { events?: readonly { event_properties?: object }[] }).events ?? []).map(
      (event) => event.event_properties ?? {},
    ),
};
