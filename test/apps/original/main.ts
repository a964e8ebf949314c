import { AnalyticsBrowser } from '@customerio/cdp-analytics-browser';

/** The wrapped SDK as its makers ship it, with its own sender, pointed at this origin. It keeps nothing, to disturb nobody, unless told to. */
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
const { originalKeeps } = window as { originalKeeps?: boolean };
const loaded = AnalyticsBrowser.load(settings, { disableClientPersistence: !originalKeeps });
Object.assign(window, { original: loaded.then(([analytics]) => analytics) });
