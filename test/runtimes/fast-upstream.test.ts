/**
 * The proxy uses the fast way to Customer.io, over `node:http`, on every supported version of Node, unless
 * the application has replaced the dispatcher of `fetch`.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { startUpstream } from '../integration/proxy/upstream.ts';
import { FOLDER } from './folder.ts';
import { NODES, versionOf } from './runtimes.ts';

/** Sends a batch through a proxy in a process of its own. */
async function sendOne(command: string, upstreamUrl: string, before: string, between: string): Promise<void> {
  const script = `
    ${before}
    const { createProxy } = await import('cio-first-party/proxy');
    const proxy = createProxy({ writeKey: 'key', clientKeys: ['web'], upstreamUrl: '${upstreamUrl}' });
    let sent = 0;
    async function send() {
      const messageId = 'id-' + (sent += 1);
      const event = { type: 'track', event: 'Seen', messageId, timestamp: new Date().toISOString(), anonymousId: 'a', context: {} };
      const answer = await proxy.fetch(new Request('http://localhost/v1/batch', {
        method: 'POST',
        headers: { Authorization: 'Basic ' + btoa('web:'), 'Content-Type': 'application/json' },
        body: JSON.stringify({ batch: [event] }),
      }));
      if (answer.status !== 200) throw new Error(await answer.text());
    }
    ${between}
    await send();`;
  await promisify(execFile)(command, ['--input-type=module', '-e', script], { cwd: FOLDER });
}

/** The value of the header `Sec-Fetch-Mode` that Node's `fetch` sends, and `node:http` does not. */
const CORS = 'cors';

/**
 * Replaces the global dispatcher as the package undici does: under the symbol that this version of Node
 * reads. `fetch` uses the new dispatcher for every request from then on.
 */
const REPLACE = `
  await fetch('data:,');
  class Proxying { constructor(real) { this.real = real; } dispatch(...all) { return this.real.dispatch(...all); } }
  function replaceDispatcher() {
    const places = [1, 2, 3, 4].map((nth) => Symbol.for('undici.globalDispatcher.' + nth));
    const place = places.findLast((each) => globalThis[each]);
    globalThis[place] = new Proxying(globalThis[place]);
  }`;

const WAYS = [
  ['by itself', '', '', undefined],
  ['where fetch was used before', "await fetch('data:,');", '', undefined],
  ['where another dispatcher was set before', `${REPLACE} replaceDispatcher();`, '', CORS],
  [
    'where another dispatcher is set between two batches',
    REPLACE,
    'await send(); replaceDispatcher();',
    CORS,
  ],
  ['where fetch was replaced', 'const real = fetch; globalThis.fetch = (...all) => real(...all);', '', CORS],
] as const;

describe.each(NODES.map((node) => [versionOf(node), node.command] as const))('Node %s', (_, command) => {
  test.each(WAYS)('%s', async (_, before, between, mode) => {
    const upstream = await startUpstream();
    await sendOne(command, upstream.url, before, between);
    expect(upstream.received.at(-1)?.headers['sec-fetch-mode']).toBe(mode);
  });
});
