import type { UpstreamFetch } from './contract.ts';
import { wrapFetch } from './wrap-fetch.ts';
import { createNodeFetch } from './node-fetch.ts';

/** The global `fetch` when this module was loaded. */
const fetchAtStart: unknown = globalThis.fetch;

/**
 * Creates the function that sends batches: the global `fetch`, or on Node a faster one over `node:http`, as long as no
 * code has replaced `fetch` or its dispatcher.
 */
export function createDefaultFetch(): UpstreamFetch {
  // The source text shows whether `fetch` is Node's own: a replacement that was set before this module was loaded has
  // another text.
  const askNode = /undici/i.test(String(fetchAtStart)) ? createNodeFetch() : undefined;
  const isDirected = createDispatcherCheck();
  // The global `fetch` is looked up at each call: runtimes and tests replace it.
  const askFetch = wrapFetch((url, init) => fetch(url, init));
  return (url, init) =>
    askNode && globalThis.fetch === fetchAtStart && !isDirected() ? askNode(url, init) : askFetch(url, init);
}

/**
 * The global symbols under which versions of undici, the implementation of Node's `fetch`, keep their dispatcher, the
 * newest first. Node 26 uses the second one.
 */
const DISPATCHERS = [4, 3, 2, 1].map((version) => Symbol.for(`undici.globalDispatcher.${version}`));

type Dispatcher = object | undefined;

const dispatchers = (): readonly Dispatcher[] =>
  DISPATCHERS.map((key) => (globalThis as Readonly<Record<symbol, Dispatcher>>)[key]);

/**
 * Returns a function that checks whether `fetch` has another dispatcher than Node's own, for instance a forward proxy.
 *
 * Node creates its dispatcher at the first request. Where there is none yet, it is created now, so that any other
 * dispatcher later must have been set by other code. Where there is one already, its class name decides: only an
 * `Agent` is Node's own.
 */
function createDispatcherCheck(): () => boolean {
  let own: readonly Dispatcher[] | undefined;

  function findOwn(): readonly Dispatcher[] {
    // A `data:` URL needs no network.
    const newest = dispatchers().find(Boolean);
    if (newest === undefined) fetch('data:,').catch(() => {});
    else if (newest.constructor.name !== 'Agent') return [];
    return dispatchers();
  }

  return () => {
    own ??= findOwn();
    return dispatchers().some((dispatcher, i) => dispatcher !== own?.[i]);
  };
}
