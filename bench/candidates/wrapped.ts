import type { Addresses, Candidate } from '../candidate.ts';

/** What its snippet does: an array that keeps the calls until the script has come. */
const before = ({ collector }: Addresses): string => `
  window.cioanalytics = [];
  cioanalytics._writeKey = 'bench';
  cioanalytics._loadOptions = {};
  cioanalytics._cdn = '${collector}';
  for (const name of ['track', 'on'])
    cioanalytics[name] = (...args) => (cioanalytics.push([name, ...args]), cioanalytics);`;

/** The SDK of Customer.io as its makers ship it for script tags, with one of its two ways to deliver. */
const wrapped = (key: Candidate['key'], title: string, strategy: 'standard' | 'batching'): Candidate => ({
  key,
  title,
  script: 'node_modules/@customerio/cdp-analytics-browser/dist/umd/standalone.js',
  attributes: { 'data-global-customerio-analytics-key': 'cioanalytics' },
  before,
  // The global is replaced when the script has fetched its settings.
  after: () => 'window.sdk = { track: (...args) => cioanalytics.track(...args) };',
  tellTaken: "cioanalytics.on('dispatch_start', taken);",
  ready: `new Promise((resolve) => {
    (function look() { cioanalytics.initialized ? resolve() : setTimeout(look, 5); })();
  })`,
  resource: ({ collector }) => ({
    integrations: {
      'Customer.io Data Pipelines': {
        apiKey: 'bench',
        apiHost: `${new URL(collector).host}/v1`,
        protocol: 'http',
        deliveryStrategy: { strategy },
      },
    },
  }),
  eventsIn(body) {
    const { batch, properties } = body as {
      batch?: readonly { properties: object }[];
      properties?: object;
    };
    return batch ? batch.map((event) => event.properties) : properties ? [properties] : [];
  },
});

export const standard = wrapped('standard', 'wrapped SDK, standard', 'standard');
export const batching = wrapped('batching', 'wrapped SDK, batching', 'batching');
