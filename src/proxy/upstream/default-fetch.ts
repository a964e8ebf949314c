import type { UpstreamFetch } from './contract.ts';
import { wrapFetch } from './wrap-fetch.ts';
import { createNodeFetch } from './node-fetch.ts';

const atStart: unknown = globalThis.fetch;

/** The runtime's `fetch`; on Node something faster, as long as nobody has told `fetch` to go another way. */
export function createDefaultFetch(): UpstreamFetch {
  // By its text: what was put in its place before this module was loaded has another.
  const askNode = /undici/i.test(String(atStart)) ? createNodeFetch() : undefined;
  const isDirected = createDispatcherCheck();
  // Looked up when it is used: runtimes and tests replace it.
  const askFetch = wrapFetch((url, init) => fetch(url, init));
  return (url, init) =>
    askNode && globalThis.fetch === atStart && !isDirected() ? askNode(url, init) : askFetch(url, init);
}

/** Where versions of undici, which is Node's `fetch`, keep what their requests go through, the newest first: Node 26 has the second. */
const DISPATCHERS = [4, 3, 2, 1].map((version) => Symbol.for(`undici.globalDispatcher.${version}`));

type Dispatcher = object | undefined;

const dispatchers = (): readonly Dispatcher[] =>
  DISPATCHERS.map((key) => (globalThis as Readonly<Record<symbol, Dispatcher>>)[key]);

/**
 * Says whether requests of `fetch` go another way than they do by themselves: through a forward proxy, for instance.
 *
 * Node makes what they go through at the first request. Where that has not been yet, it is made now, so that whatever is there later and
 * is not this was put there by somebody. Where it is there already, its name tells: everything else than an `Agent` directs.
 */
function createDispatcherCheck(): () => boolean {
  let own: readonly Dispatcher[] | undefined;

  function findOwn(): readonly Dispatcher[] {
    // An address that needs no network.
    const newest = dispatchers().find(Boolean);
    if (newest === undefined) fetch('data:,').catch(() => {});
    else if (newest.constructor.name !== 'Agent') return [];
    return dispatchers();
  }

  return () => {
    own ??= findOwn();
    return dispatchers().some((each, i) => each !== own?.[i]);
  };
}
