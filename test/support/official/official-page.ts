/** The names that the page with Customer.io's own SDK puts on `window`. */
import type {
  AnalyticsBrowser,
  AnalyticsBrowserSettings,
  InitOptions,
} from '@customerio/cdp-analytics-browser';
import type {
  FirstPartyDelivery,
  FirstPartyDeliveryOptions,
  firstPartyDelivery,
} from '../../../src/official.ts';

/** How the page uses our plugin. A test sets it before the page loads. */
export interface OfficialSetup {
  /** `without`: Customer.io's SDK alone, with its own destination. */
  readonly way: 'load' | 'register' | 'without';
  readonly options?: Partial<FirstPartyDeliveryOptions>;
  /** More settings of the SDK's own destination. */
  readonly cdn?: object;
  /** The second argument of `AnalyticsBrowser.load`. */
  readonly load?: InitOptions;
  /** A device-mode destination: one that answers, or one that never does. */
  readonly device?: 'works' | 'hangs';
}

/** One event that the plugin has emitted. */
export interface ToldByPlugin {
  readonly name: string;
  readonly ids?: readonly string[];
  readonly id?: string;
  readonly reason?: string;
  readonly code?: string;
  readonly state?: string;
  readonly type?: string;
}

export interface OfficialPage {
  /** Options that are functions. A test sets them before the page loads. */
  officialFunctions?: Partial<FirstPartyDeliveryOptions>;
  official: AnalyticsBrowser;
  delivery: FirstPartyDelivery | undefined;
  /** Settles when `register` has. */
  registered?: Promise<unknown>;
  /** For pages that make more than one plugin, or more than one instance of Customer.io's SDK. */
  AnalyticsBrowser: typeof AnalyticsBrowser;
  firstPartyDelivery: typeof firstPartyDelivery;
  /** The first argument of `AnalyticsBrowser.load`, without plugins. */
  settings: AnalyticsBrowserSettings;
  told: ToldByPlugin[];
  /** The names of the events that the device-mode destination has got. */
  seen: string[];
}
