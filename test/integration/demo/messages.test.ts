// @vitest-environment node
/** The messages of the demo's shop: who gets which, and what the console is told of them. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MessageReport } from '../../../demo/messages/shop-messages.ts';
import { type Answer, ADA, openShop, type Shop, type Visitor } from './shop.ts';

interface Fetched {
  readonly messageId: string;
  readonly queueId: string;
  readonly handle: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

const KEY = `Basic ${btoa('demo-shop-web:')}`;
const SESSION = '5f0c5d5e-24a4-4b5f-9c3c-0d9a4c1f6c11';

let shop: Shop;
let visitor: Visitor;
beforeEach(async () => {
  shop = await openShop();
  visitor = shop.visitor();
});
afterEach(() => shop.close());

async function report(): Promise<MessageReport> {
  const data = /data: (.*)\n\n/.exec(await shop.snapshot())?.[1] ?? '';
  return (JSON.parse(data) as { messages: MessageReport }).messages;
}

const lifeOf = async (queueId: string): Promise<MessageReport['lives'][number] | undefined> =>
  (await report()).lives.find((life) => life.queueId === queueId);

function queue(kind: string, userId: string | null): Promise<Answer> {
  return visitor.ask('POST', '/console/messages', { kind, userId });
}

async function fetchMessages(id?: string): Promise<readonly Fetched[]> {
  const { body } =
    id === undefined
      ? await visitor.ask(
          'POST',
          '/e/v1/messages/fetch',
          { anonymousId: 'a1', sessionId: SESSION },
          { Authorization: KEY },
        )
      : await visitor.call('/v1/messages/fetch', (await visitor.token(id)).body['token'], {
          userId: id,
          sessionId: SESSION,
        });
  return body['messages'] as readonly Fetched[];
}

describe('who gets which message', () => {
  test('a visitor gets the broadcast, and somebody who is new also an offer and a banner', async () => {
    expect((await fetchMessages()).map(({ queueId }) => queueId)).toEqual(['broadcast-trail-notes']);
    const id = await visitor.signIn(ADA);
    expect((await fetchMessages(id)).map(({ queueId }) => queueId)).toEqual([
      `${id}-offer`,
      `${id}-delivery`,
      'broadcast-trail-notes',
    ]);
  });

  test('who signs in again gets nothing twice', async () => {
    const id = await visitor.signIn(ADA);
    await visitor.signIn(ADA);
    expect(await fetchMessages(id)).toHaveLength(3);
  });

  test.each(['modal', 'banner'])('a %s from the console is for one person', async (kind) => {
    const id = await visitor.signIn(ADA);
    expect((await queue(kind, id)).status).toBe(200);
    expect((await fetchMessages(id)).map(({ queueId }) => queueId)).toContain('console-1');
    expect((await fetchMessages()).map(({ queueId }) => queueId)).toEqual(['broadcast-trail-notes']);
  });

  test('a broadcast from the console is for everybody', async () => {
    expect((await queue('broadcast', null)).status).toBe(200);
    expect((await fetchMessages()).map(({ queueId }) => queueId)).toEqual([
      'broadcast-trail-notes',
      'console-1',
    ]);
  });

  test.each([
    [{ kind: 'poster' }, '"kind" must be one of "modal", "banner", "broadcast", got "poster"'],
    [{ kind: 'modal', userId: 'nobody' }, 'A message needs a kind, and a person who has signed in'],
    [{ kind: 'banner', userId: null }, 'A message needs a kind, and a person who has signed in'],
    [{}, 'A message needs a kind, and a person who has signed in'],
  ])('%j is refused', async (body, message) => {
    const { lives } = await report();
    const answer = await visitor.ask('POST', '/console/messages', body);
    expect([answer.status, answer.body]).toEqual([400, { error: 'invalid_message', message }]);
    expect((await report()).lives).toEqual(lives);
  });
});

describe('the renderer switch', () => {
  test.each([
    ['slow', 'V1-slow--'],
    ['silent', 'V8-silent--'],
    ['broken', 'V8-error--'],
  ])('%s: messages say so to the renderer', async (renderer, prefix) => {
    const id = await visitor.signIn(ADA);
    await shop.faults({ renderer });
    await queue('modal', id);
    const ids = (await fetchMessages(id)).map(({ messageId }) => messageId);
    expect(ids).toHaveLength(4);
    for (const messageId of ids) expect(messageId).toMatch(new RegExp(`^${prefix}gist-html-`));
  });

  test('fine: messages that were queued before say nothing any more', async () => {
    const id = await visitor.signIn(ADA);
    await shop.faults({ renderer: 'silent' });
    await queue('modal', id);
    await shop.faults({ renderer: 'fine' });
    const ids = (await fetchMessages(id)).map(({ messageId }) => messageId);
    expect(ids).toHaveLength(4);
    for (const messageId of ids) expect(messageId).toMatch(/^gist-html-/);
  });
});

describe('what becomes of a message', () => {
  test('it is queued with its words, its kind and its person', async () => {
    const id = await visitor.signIn(ADA);
    await queue('modal', id);
    const { lives, people } = await report();
    expect(people).toEqual([{ id, name: ADA.name }]);
    expect(lives.map(({ kind }) => kind)).toEqual(['modal', 'banner', 'modal', 'broadcast']);
    expect(lives[0]).toMatchObject({
      queueId: 'console-1',
      messageId: 'gist-html-console-1',
      title: 'Forty tents, and then none until May',
      person: { id, name: ADA.name },
      streams: 0,
      seen: { count: 0 },
      opened: { count: 0 },
      clicked: { count: 0 },
    });
    expect(lives.at(-1)).not.toHaveProperty('person');
  });

  test('a message that was seen is told, and is not sent again', async () => {
    const id = await visitor.signIn(ADA);
    const { token } = (await visitor.token(id)).body;
    const { status } = await visitor.call('/v1/messages/seen', token, { id: `${id}-offer` });
    expect(status).toBe(200);
    expect(await lifeOf(`${id}-offer`)).toMatchObject({ seen: { count: 1 } });
    expect((await fetchMessages(id)).map(({ queueId }) => queueId)).not.toContain(`${id}-offer`);
  });

  test('opened and clicked are told of a person’s message and of a broadcast', async () => {
    const id = await visitor.signIn(ADA);
    for (const { queueId, handle } of await fetchMessages(id)) {
      for (const metric of ['opened', 'clicked']) {
        const { status } = await visitor.ask(
          'POST',
          '/e/v1/messages/metric',
          { handle, metric, ...(metric === 'clicked' && { action: { name: 'see', value: '/' } }) },
          { Authorization: KEY },
        );
        expect(status).toBe(200);
      }
      expect(await lifeOf(queueId)).toMatchObject({
        opened: { count: 1 },
        clicked: { count: 1, name: 'see' },
      });
    }
  });
});
