/**
 * Real body parsers that run before the proxy: the proxy uses the body that a parser has kept, and when a
 * parser keeps nothing, no browser drops an event.
 */
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { outcomeOf } from '../../src/sdk/sender/outcome.ts';
import { basicAuthorization } from '../../src/protocol/wire.ts';
import { type ServerProcess, startServer } from '../support/server/process.ts';
import { createStandIn, type StandIn } from '../support/site/stand-in.ts';
import { CLIENT_KEY, event, WRITE_KEY } from '../integration/proxy/setup.ts';
import { run } from './process.ts';
import { NODE } from './runtimes.ts';

const HEADERS = { Authorization: basicAuthorization(CLIENT_KEY), 'Content-Type': 'application/json' };

let pipelines: ServerProcess;
let standIn: StandIn;
beforeAll(async () => {
  pipelines = await startServer('demo/pipelines/main.ts', { PORT: '0', WRITE_KEY });
  standIn = createStandIn(pipelines.origin);
});
afterAll(() => pipelines.stop());
beforeEach(() => standIn.forget());

async function start(which: string): Promise<(packed: boolean) => Promise<Response>> {
  const { origin, stop } = await run(NODE, ['servers/parsed.js', which], {
    writeKey: WRITE_KEY,
    clientKeys: [CLIENT_KEY],
    basePath: '/e',
    upstreamUrl: standIn.origin,
  });
  onTestFinished(stop);
  return (packed) => {
    const body = JSON.stringify({ batch: [event({ event: packed ? 'Packed 🦊' : 'Plain 🦊' })] });
    const headers = packed ? { ...HEADERS, 'Content-Encoding': 'gzip' } : HEADERS;
    return fetch(`${origin}/e/v1/batch`, { method: 'POST', headers, body: packed ? gzipSync(body) : body });
  };
}

describe('behind', () => {
  test.each([
    'express.json',
    'express.json, with rawBody',
    'express.text',
    'express.raw',
    'what keeps it as it came',
    'koa-bodyparser, handed on',
  ])('%s, plain and compressed events arrive', async (which) => {
    const send = await start(which);
    expect([(await send(false)).status, (await send(true)).status]).toEqual([200, 200]);
    expect(await standIn.names()).toEqual(['Plain 🦊', 'Packed 🦊']);
  });

  test.each(['koa-bodyparser', 'hono'])(
    '%s, which keeps no body, the browser keeps its events',
    async (which) => {
      const send = await start(which);
      const answer = await send(false);
      const body = await answer.text();
      expect([answer.status, JSON.parse(body)]).toEqual([
        503,
        expect.objectContaining({
          error: 'body_already_read',
          message: expect.stringContaining('before body parsers'),
        }),
      ]);
      expect(outcomeOf({ status: answer.status, headers: answer.headers, body }, Date.now()).kind).toBe(
        'busy',
      );
      expect(await standIn.names()).toEqual([]);
    },
  );
});
