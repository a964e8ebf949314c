import { AnalyticsBrowser } from '@customerio/cdp-analytics-browser';

/** The wrapped SDK as its makers ship it, with its own sender, pointed at this origin. It keeps nothing, to disturb nobody. */
const settings = {
  writeKey: 'original',
  cdnSettings: {
    integrations: {
      'Customer.io Data Pipelines': {
        apiKey: 'original',
        apiHost: `${location.host}/original`,
        protocol: 'http',
      },
    },
  },
};
const loaded = AnalyticsBrowser.load(settings, { disableClientPersistence: true });
Object.assign(window, { original: loaded.then(([analytics]) => analytics) });
