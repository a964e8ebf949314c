import type { CallOptions, Properties, Receipt } from './api.ts';

/** Elements for `trackLink` and `trackForm`: one, a list, or an object of jQuery. `null`: none. */
export type TrackedElements<Kind extends Element = Element> =
  Kind | Iterable<Kind> | { toArray(): readonly Kind[] } | null | undefined;

/**
 * The members of Customer.io's SDK (`AnalyticsBrowser` and its `Analytics`) beside those that `Analytics` declares itself, so that code
 * which was written for that SDK keeps working. A member that this SDK cannot have has the type `never` or returns
 * `Promise<never>`: its use is an `SdkError` (`unsupported`) whose message names what to use instead.
 *
 * A method of this kind rejects its promise, and the SDK also emits the event `error`. A property of this kind throws. On a server, and
 * after wrong options, neither happens: the result is undefined. Where the visitor denies, these methods, `queryString`, `init` and
 * `initialize` resolve with undefined too.
 */
export interface VendorMembers {
  /**
   * Calls `track` at each click on one of the elements. The navigation is neither prevented nor delayed, and the event is delivered
   * although the page is left.
   *
   * @param elements an element, a list of elements, or an object of jQuery
   * @param event the name of the event, or a function that gets the element and returns the name
   * @param properties the properties, or a function that gets the element and returns them
   * @returns a promise of the instance, which may be ignored
   * @example
   * void analytics.trackLink(document.querySelectorAll('a.buy'), 'Buy clicked', (link: Element) => ({ id: link.id }));
   */
  trackLink<Kind extends Element>(
    elements: TrackedElements<Kind>,
    event: string | ((element: Kind) => string),
    properties?: Properties | ((element: Kind) => Properties) | null,
    options?: CallOptions,
  ): Promise<this>;
  /** The same as `trackLink`. */
  trackClick: VendorMembers['trackLink'];
  /**
   * Calls `track` at each submission of one of the forms, also at those that only jQuery triggers. The submission is neither prevented
   * nor delayed.
   *
   * @param forms a form, a list of forms, or an object of jQuery
   * @param event the name of the event, or a function that gets the form and returns the name
   * @param properties the properties, or a function that gets the form and returns them
   * @returns a promise of the instance, which may be ignored
   * @example
   * void analytics.trackForm(document.querySelector('form'), 'Signed up', { plan: 'pro' });
   */
  trackForm: VendorMembers['trackLink'];
  /** The same as `trackForm`. */
  trackSubmit: VendorMembers['trackLink'];
  /** Calls `page({ path: url })`. Prefer `page`. */
  pageview(url: string): Promise<Receipt>;
  /** The same as `pageview`. */
  pageView(url: string): Promise<Receipt>;
  /**
   * Calls `listener` at the next event of this name, once. The names are those of `on`, and any other name that you `emit`.
   *
   * @example
   * analytics.once('track', (name) => console.log('first event', name));
   */
  once(name: string, listener: (...args: never[]) => void): this;
  /**
   * Removes a listener of `on` or `once`.
   *
   * @example
   * analytics.off('track', listener);
   */
  off(name: string, listener: (...args: never[]) => void): this;
  /**
   * Calls the listeners of this name with these arguments. Sends nothing.
   *
   * @example
   * analytics.emit('cart opened', { items: 2 });
   */
  emit(name: string, ...args: readonly unknown[]): this;
  /**
   * Turns the log of the option `debug` on or off.
   *
   * @example
   * analytics.debug(true);
   */
  debug(isOn: boolean): this;
  /** Calls the function with the instance. For an error of the function, the SDK emits an `error` event (`plugin-failed`). */
  use(run: (analytics: this) => void): this;
  /** Does nothing: no call waits for a request, so there is nothing to limit. */
  timeout(timeoutMs: number): void;
  /**
   * Reads `ajs_aid`, `ajs_uid`, `ajs_trait_…`, `ajs_event` and `ajs_prop_…` of a URL or query: sets the anonymous id, calls
   * `identify` and `track`. The SDK never does so by itself, because everybody can write such a link.
   *
   * @returns the receipts of the calls
   * @example
   * await analytics.queryString(location.search);
   */
  queryString(query: string): Promise<readonly Receipt[]>;
  /** Calls the method that the list names first, with the rest of the list, such as `['track', 'Order Placed']`. */
  push(call: readonly unknown[]): this;
  /** Returns a promise of the instance: it needs no initialization. */
  initialize(...settings: readonly unknown[]): Promise<this>;
  /** The same as `initialize`. */
  init(...settings: readonly unknown[]): Promise<this>;
  /** The version of this package. */
  readonly VERSION: string;
  /** Always true: the instance takes calls at once. `consent.state` tells whether events are stored and sent. */
  readonly initialized: boolean;
  /** The instance itself. In Customer.io's SDK, the instance that exists when the settings are loaded. */
  readonly instance: this;
  /** The option `integrations` of `createAnalytics`. */
  readonly integrations: Record<string, unknown>;
  /** Always empty, as in Customer.io's SDK. */
  readonly plugins: Readonly<Record<string, unknown>>;
  /** Always empty: there are no device-mode destinations. */
  readonly Integrations: Readonly<Record<string, unknown>>;
  /** Always empty: the event `error` (`plugin-failed`) reports plugins that fail. */
  readonly failedInitializations: readonly string[];
  /** Not supported: use the event `error` of `on`. */
  readonly ctx: never;
  /** Not supported: use the options of `createAnalytics`. */
  readonly options: never;
  /** Not supported: use `register`, `flush` and `stats`. */
  readonly queue: never;
  /** Not supported: use the options of `createAnalytics`. */
  readonly settings: never;
  /** Not supported: use `user()`. */
  readonly storage: never;
  /** Not supported: use `createAnalytics`. */
  load(...settings: readonly unknown[]): Promise<never>;
  /** Not supported: use `beforeSend`, or a plugin. */
  addDestinationMiddleware(name: string, ...middlewares: readonly unknown[]): Promise<never>;
  /** Not supported: use `addSourceMiddleware`. */
  addIntegrationMiddleware(...args: readonly unknown[]): Promise<never>;
  /** Not supported: use `register`. */
  add(...args: readonly unknown[]): Promise<never>;
  /** Not supported: use `register`. */
  addIntegration(...args: readonly unknown[]): Promise<never>;
  /** Not supported: use `beforeSend`, which gets each event. */
  normalize(...args: readonly unknown[]): Promise<never>;
  /** Not supported: use `data-global` of the script tag, or another variable. */
  noConflict(): Promise<never>;
  /** Not supported: use `debug`. */
  log(...args: readonly unknown[]): Promise<never>;
  /** Not supported: use `on`. */
  addEventListener(...args: readonly unknown[]): Promise<never>;
  /** Not supported: use `off`. */
  removeEventListener(...args: readonly unknown[]): Promise<never>;
  /** Not supported: use `off`. */
  removeListener(...args: readonly unknown[]): Promise<never>;
  /** Not supported: use `off`, for each listener. */
  removeAllListeners(...args: readonly unknown[]): Promise<never>;
  /** Not supported: keep the functions that `on` returns. */
  listeners(...args: readonly unknown[]): Promise<never>;
  /** Not supported: keep the functions that `on` returns. */
  hasListeners(...args: readonly unknown[]): Promise<never>;
}
