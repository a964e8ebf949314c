import { AnalyticsBrowser } from '@customerio/cdp-analytics-browser';

/**
 * Customer.io's SDK and its in-app plugin as their makers ship them. Events go to the own origin, whose server passes them on. The
 * hosts of the in-app service in the bundle are other ones: see `build/vendor-messages.ts`.
 */
interface MessageDetail {
  readonly messageId: string;
  readonly deliveryId?: string;
  readonly actionName?: string;
  readonly actionValue?: string;
}

const { oracleOptions, tell } = window as unknown as {
  readonly oracleOptions: { readonly anonymous: boolean };
  readonly tell: (fact: MessageDetail & { readonly type: string }) => void;
};

const inApp = {
  siteId: 'site-id',
  anonymousInApp: oracleOptions.anonymous,
  events: ({ type, detail }: CustomEvent<MessageDetail>) => {
    const { messageId, deliveryId, actionName, actionValue } = detail;
    tell({ type: type.replace('in-app:message-', ''), messageId, deliveryId, actionName, actionValue });
  },
};

const loaded = AnalyticsBrowser.load({
  writeKey: 'vendor',
  cdnSettings: {
    integrations: {
      'Customer.io Data Pipelines': {
        apiKey: 'vendor',
        apiHost: `${location.host}/vendor`,
        protocol: 'http',
      },
      'Customer.io In-App Plugin': inApp,
    },
  },
});

Object.assign(window, {
  oracle: loaded.then(([analytics]) => ({
    identify: (id: string) => void analytics.identify(id),
    page: (name?: string) => void analytics.page(name),
  })),
});
