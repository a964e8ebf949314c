import type { Ask } from './ask.ts';
import { createNodeAsk } from './node-upstream.ts';

const atStart: unknown = globalThis.fetch;
/** Where undici, which is Node's `fetch`, keeps what its requests go through. */
const DISPATCHER = Symbol.for('undici.globalDispatcher.1');

/** The runtime's `fetch`; on Node something faster, as long as nobody has told `fetch` to go another way. */
export function createDefaultAsk(): Ask {
  // By its text: what was put in its place before this module was loaded has another.
  const askNode = /undici/i.test(String(atStart)) ? createNodeAsk() : undefined;
  // Looked up when it is used: runtimes and tests replace it.
  return (url, init) =>
    askNode && globalThis.fetch === atStart && !isDirected() ? askNode(url, init) : fetch(url, init);
}

/** Through a forward proxy, for instance. */
function isDirected(): boolean {
  const dispatcher = (globalThis as Readonly<Record<symbol, object | undefined>>)[DISPATCHER];
  return dispatcher !== undefined && dispatcher.constructor.name !== 'Agent';
}
