// @vitest-environment node
/** The stream of server-sent events of the stand-in. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { message } from '../../support/site/in-app-message.ts';
import type { StandIn } from '../../support/site/stand-in.ts';
import { type Running, startStandIn, tokenOf } from './in-app-setup.ts';

/** A busy machine may need more than the second that is the default. */
const PATIENT = { timeout: 10_000 };

let running: Running;
let origin: string;
let standIn: StandIn;

beforeEach(async () => {
  running = await startStandIn();
  ({ origin, standIn } = running);
});
afterEach(() => running.stop());

interface Reader {
  readonly response: Response;
  text(): string;
  /** Resolves when the stream has ended, with how it ended. */
  readonly end: Promise<'ended' | 'cut'>;
  leave(): void;
}

async function open(userId: string, token = encodeURIComponent(tokenOf(userId))): Promise<Reader> {
  const leaving = new AbortController();
  const url = `${origin}/api/v3/sse?userToken=${token}&siteId=site-id&sessionId=s1&platform=web`;
  const response = await fetch(url, { signal: leaving.signal });
  const decoder = new TextDecoder();
  let text = '';
  async function read(): Promise<'ended' | 'cut'> {
    try {
      for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true });
      return 'ended';
    } catch {
      return 'cut';
    }
  }
  return { response, text: () => text, end: read(), leave: () => leaving.abort() };
}

test('begins with "connected", and the interval of heartbeats', async () => {
  const { response, text } = await open('ann');
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  await expect.poll(text, PATIENT).toBe('event: connected\ndata: {"heartbeat":30}\n\n');
  expect(await standIn.openStreams()).toEqual(['ann']);
});

test('can begin with nothing', async () => {
  await standIn.inAppSettings({ connected: false });
  const { text } = await open('ann');
  await standIn.pushToStream('ann', { raw: ':\n\n' });
  await expect.poll(text, PATIENT).toBe(':\n\n');
});

test('sends heartbeats at the interval', async () => {
  await standIn.inAppSettings({ heartbeatSeconds: 0.05 });
  const { text } = await open('ann');
  await expect
    .poll(() => text().match(/event: heartbeat\ndata: {}\n\n/g)?.length, PATIENT)
    .toBeGreaterThan(1);
});

test('brings what the test pushes to one person, or to all', async () => {
  await standIn.inAppSettings({ heartbeatSeconds: null });
  const [ann, bob] = [await open('ann'), await open('bob')];
  const messages = [message({ queueId: 'q1' })];
  expect(await standIn.pushToStream('ann', { event: 'messages', data: messages })).toBe(1);
  await expect.poll(ann.text, PATIENT).toContain(`event: messages\ndata: ${JSON.stringify(messages)}\n\n`);
  expect(await standIn.pushToStream(null, { event: 'ttl_exceeded', data: {} })).toBe(2);
  await expect
    .poll(bob.text, PATIENT)
    .toBe('event: connected\ndata: {}\n\nevent: ttl_exceeded\ndata: {}\n\n');
  expect(await standIn.pushToStream('zed', { event: 'inbox_messages', data: [] })).toBe(0);
});

test('is cut for one person, or for all', async () => {
  const [ann, bob] = [await open('ann'), await open('bob')];
  expect(await standIn.cutStreams('ann')).toBe(1);
  expect(await ann.end).toBe('cut');
  expect(await standIn.openStreams()).toEqual(['bob']);
  expect(await standIn.cutStreams()).toBe(1);
  expect(await bob.end).toBe('cut');
});

test('is forgotten when the client leaves', async () => {
  const ann = await open('ann');
  ann.leave();
  await ann.end;
  await expect.poll(() => standIn.openStreams(), PATIENT).toEqual([]);
});

test('is not open when the client has left before it began', async () => {
  await standIn.inAppFaults({ route: 'stream', delayMs: 1_000 });
  const leaving = new AbortController();
  const url = `${origin}/api/v3/sse?userToken=${tokenOf('ann')}&siteId=site-id&sessionId=s1`;
  const left = fetch(url, { signal: leaving.signal }).catch(({ name }: Error) => name);
  const outcome = async (): Promise<unknown> => (await standIn.messageRequests())[0]?.outcome;
  await expect.poll(outcome, PATIENT).toBe('pending');
  leaving.abort();
  expect(await left).toBe('AbortError');
  await expect.poll(outcome, PATIENT).toBe(200);
  expect(await standIn.openStreams()).toEqual([]);
});

test('needs an escaped token, the site id and a session', async () => {
  // The base64 of this id has a plus sign, which a query means as a space.
  const id = '>>>';
  expect(tokenOf(id)).toContain('+');
  expect((await open(id, tokenOf(id))).response.status).toBe(401);
  expect((await open(id)).response.status).toBe(200);
  const token = encodeURIComponent(tokenOf('ann'));
  expect((await fetch(`${origin}/api/v3/sse?userToken=${token}&siteId=x&sessionId=s`)).status).toBe(401);
  expect((await fetch(`${origin}/api/v3/sse?userToken=${token}&siteId=site-id`)).status).toBe(400);
  expect((await standIn.messageRequests('stream')).map(({ userId }) => userId)).toEqual([
    '',
    id,
    'ann',
    'ann',
  ]);
});
