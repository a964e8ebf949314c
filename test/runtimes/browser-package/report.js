/**
 * Imports the browser package and calls everything that it has, in whatever runtime this runs. Plain JavaScript, because no
 * two of them read TypeScript alike.
 */

/** What a runtime may have, and the package must not look at where there is no page. */
const WATCHED = [
  ...['fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource', 'Worker'],
  ...['localStorage', 'sessionStorage', 'indexedDB', 'caches', 'cookieStore'],
  ...['BroadcastChannel', 'navigator', 'location', 'performance', 'crypto'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'requestAnimationFrame', 'requestIdleCallback'],
  ...['addEventListener', 'removeEventListener', 'onstorage', 'process', 'Deno', 'Bun'],
];

function descriptorOf(name) {
  for (let object = globalThis; object; object = Object.getPrototypeOf(object)) {
    const found = Object.getOwnPropertyDescriptor(object, name);
    if (found) return found;
  }
  return undefined;
}

/** Each reading of those globals is written down, until it is stopped. Watching reads none of them: Node would warn. */
function watchGlobals() {
  const touched = new Set();
  const restore = WATCHED.flatMap((name) => {
    const own = Object.getOwnPropertyDescriptor(globalThis, name);
    const descriptor = descriptorOf(name);
    if (!descriptor || own?.configurable === false) return [];
    Object.defineProperty(globalThis, name, {
      configurable: true,
      get() {
        touched.add(name);
        return descriptor.get ? descriptor.get.call(globalThis) : descriptor.value;
      },
      set() {
        touched.add(`${name} =`);
      },
    });
    return [() => (own ? Object.defineProperty(globalThis, name, own) : delete globalThis[name])];
  });
  return () => {
    for (const each of restore) each();
    return [...touched];
  };
}

/** The properties of every function. */
const OF_FUNCTIONS = new Set(['length', 'name', 'prototype', 'arguments', 'caller']);

/** The names of all methods and fields. `inbox` is a function that has methods. */
function fields(object, path = '') {
  const names = [];
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(object))) {
    if (typeof object === 'function' && OF_FUNCTIONS.has(name)) continue;
    const isObject = value && typeof value === 'object';
    if (!isObject) names.push(`${path}${name}`);
    if (isObject || typeof value === 'function') names.push(...fields(value, `${path}${name}.`));
  }
  return names;
}

const plugin = {
  name: 'p',
  type: 'before',
  version: '1',
  isLoaded: () => true,
  load: () => Promise.reject(Error('no')),
};

/** The arguments of every method, by its name. */
const CALLS = {
  track: [['Order Placed', { total: 1 }]],
  page: [[], ['Home'], ['Shop', 'Home', {}]],
  screen: [['Home']],
  identify: [['u1', { plan: 'pro' }, { token: 'a.b.c' }], [{ plan: 'pro' }]],
  group: [['g1'], []],
  alias: [['u2', 'u1']],
  anonymize: [[]],
  reset: [[]],
  flush: [[], [{ timeoutMs: 60_000 }]],
  stats: [[]],
  'consent.state': [],
  'consent.grant': [[], [['analytics']]],
  'consent.deny': [[]],
  on: [
    ['delivered', () => {}],
    ['track', () => {}],
  ],
  ready: [[], [() => {}]],
  user: [[]],
  register: [[plugin]],
  deregister: [['p']],
  addSourceMiddleware: [[() => {}]],
  setAnonymousId: [['a1']],
  setCustomerToken: [['a.b.c'], [null]],
  refreshCustomerToken: [[]],
  customerTokenStatus: [[]],
  fetch: [['/v1/customers/attributes']],
  inbox: [[], ['orders']],
  'inbox.messages': [[]],
  'inbox.total': [[]],
  'inbox.totalUnopened': [[]],
  'inbox.onChange': [[() => {}]],
  'inbox.onUpdates': [[() => {}]],
  'inbox.markAsRead': [['m1']],
  'inbox.markAsUnread': [['m1']],
  'inbox.trackClick': [['m1', 'open']],
  'inbox.delete': [['m1']],
  'messages.dismiss': [['m1']],
  'messages.pause': [[]],
  'messages.resume': [[]],
  'customer.attributes': [[]],
  'customer.subscriptions': [[{ 7: true }]],
  trackLink: [[null, 'Clicked']],
  trackClick: [[[], 'Clicked']],
  trackForm: [[null, 'Sent']],
  trackSubmit: [[undefined, 'Sent']],
  pageview: [['/path']],
  pageView: [['/path']],
  once: [['track', () => {}]],
  off: [['track', () => {}]],
  emit: [['track', 'E']],
  debug: [[true], [false]],
  use: [[() => {}]],
  timeout: [[500]],
  push: [[['track', 'E']]],
  queryString: [['?ajs_uid=u1']],
  init: [[]],
  initialize: [[]],
  load: [[{}]],
  addDestinationMiddleware: [['Name', () => {}]],
  addIntegrationMiddleware: [[() => {}]],
  addIntegration: [[{}]],
  add: [[{}]],
  normalize: [[{}]],
  noConflict: [[]],
  log: [['text']],
  addEventListener: [['track', () => {}]],
  removeEventListener: [['track', () => {}]],
  removeListener: [['track', () => {}]],
  removeAllListeners: [[]],
  listeners: [['track']],
  hasListeners: [['track']],
  VERSION: [],
  initialized: [],
  integrations: [],
  failedInitializations: [],
  'failedInitializations.length': [],
  instance: [],
  ctx: [],
  options: [],
  queue: [],
  settings: [],
  storage: [],
  close: [[]],
};

/** Every option that starts something in a page. */
const OPTIONS = {
  proxyUrl: '/e',
  clientKey: 'web',
  consent: 'granted',
  customerToken: () => 'a.b.c',
  inApp: true,
  beforeSend: (event) => event,
  plugins: [plugin],
  delivery: { flushIntervalMs: 1 },
};

async function callEverything({ createAnalytics }) {
  const thrown = [];
  const analytics = createAnalytics(OPTIONS);
  const known = Object.keys(CALLS);
  const missing = fields(analytics).filter((name) => !known.includes(name));
  const answers = [];
  for (const [name, calls] of Object.entries(CALLS)) {
    const [owner, method] = name.includes('.') ? name.split('.') : [undefined, name];
    const object = owner ? analytics[owner] : analytics;
    for (const args of calls) {
      try {
        const answer = object[method](...args);
        answers.push([name, answer]);
        // What it answers is called too: a stop function, an id.
        if (typeof answer === 'function') answer();
        if (typeof answer?.anonymousId === 'function') answers.push(['anonymousId', answer.anonymousId()]);
      } catch (error) {
        thrown.push(`${name}: ${String(error)}`);
      }
    }
  }
  const settled = await Promise.allSettled(answers.map(([, answer]) => answer));
  const rejected = settled.flatMap(({ status, reason }, i) =>
    status === 'rejected' ? [`${answers[i][0]} ${reason.code}`] : [],
  );
  const receipts = settled.flatMap(({ value }) =>
    value && 'state' in value && 'id' in value ? [value.state] : [],
  );
  return { thrown, missing, rejected, receipts: [...new Set(receipts)], stats: analytics.stats() };
}

/** Every source is made, asked and listened to. */
function askForConsent(consent) {
  const { custom, ...platforms } = consent;
  const sources = Object.values(platforms)
    .filter((each) => typeof each === 'function')
    .map((make) => make());
  sources.push(custom(() => () => {}));
  const said = sources.map((source) => {
    source.subscribe(() => {})();
    return source.get() ?? null;
  });
  return { sources: sources.length, said: [...new Set(said)] };
}

/** `load`: imports both entries. Answers what happened; all empty is as it should be. */
export async function report(load) {
  const globals = () => Reflect.ownKeys(globalThis).map(String).sort();
  const stop = watchGlobals();
  // Not sooner: Node loads more of itself when some of the watched ones are looked up.
  const before = globals();
  const [browser, consent] = await load();
  const called = await callEverything(browser);
  const asked = askForConsent(consent);
  const touched = stop();
  const known = new Set(before);
  return { ...called, ...asked, touched, added: globals().filter((name) => !known.has(name)) };
}
