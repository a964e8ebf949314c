// @vitest-environment node
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ADA, BEN, openShop, type Shop, type Visitor } from './shop.ts';

const FETCH = '/v1/inbox/fetch';
const HOUR_MS = 3_600_000;

let shop: Shop;
let visitor: Visitor;
let id: string;

beforeEach(async () => {
  shop = await openShop();
  visitor = shop.visitor();
  id = await visitor.signIn(ADA);
});
afterEach(() => shop.close());

const claims = (token: unknown): Record<string, unknown> =>
  JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >;

async function steps(): Promise<readonly string[]> {
  return (await shop.tokens()).steps.map(({ kind, detail }) => `${kind} ${detail}`.trim());
}

test('counts issued tokens, early renewals, and requests that the proxy accepted, for each person', async () => {
  const other = shop.visitor();
  const ben = await other.signIn(BEN);
  const { token } = (await visitor.token(id, 'identify')).body;
  await visitor.call(FETCH, token);
  await visitor.call(FETCH, token);
  await visitor.token(id, 'due');
  await other.token(ben);
  const { people, answers } = await shop.tokens();
  expect(people).toEqual([
    { id, name: 'Ada Fell', issued: 2, ahead: 1, refused: 0, refusedFor: null, accepted: 2 },
    { id: ben, name: 'Ben Ridge', issued: 1, ahead: 0, refused: 0, refusedFor: null, accepted: 0 },
  ]);
  expect(answers).toEqual({ events: {}, private: { '200': 2 } });
  expect(await steps()).toEqual([
    'signed-in',
    'signed-in',
    'issued identify',
    'renewed due',
    'issued identify',
  ]);
});

test("counts the proxy's responses to events", async () => {
  const batch = { batch: [], sentAt: new Date().toISOString() };
  await visitor.ask('POST', '/e/v1/batch', batch, { Authorization: `Basic ${btoa('demo-shop-web:')}` });
  await visitor.ask('POST', '/e/v1/batch', batch, { Authorization: `Basic ${btoa('guess:')}` });
  const { events } = (await shop.tokens()).answers;
  expect(events['401 invalid_client_key']).toBe(1);
  expect(Object.values(events)).toEqual([1, 1]);
});

test.each([
  ['expired', 'expired'],
  ['wrong-key', 'signature'],
])('a login that returns %s tokens: the proxy refuses them as "%s"', async (login, reason) => {
  await shop.faults({ login });
  const { token } = (await visitor.token(id)).body;
  expect((await visitor.call(FETCH, token)).body).toMatchObject({ error: 'invalid_token', reason });
  const [row] = (await shop.tokens()).people;
  expect(row).toMatchObject({ issued: 1, refused: 1, refusedFor: reason, accepted: 0 });
  expect((await steps()).at(-1)).toBe(`refused ${reason}`);
  await shop.faults({ login: 'fine' });
  expect((await visitor.call(FETCH, (await visitor.token(id)).body['token'])).status).toBe(200);
});

test('a login that returns tokens of another person: private calls return none of this person’s data', async () => {
  await shop.faults({ login: 'wrong-subject' });
  const { token } = (await visitor.token(id)).body;
  expect(claims(token)['sub']).toBe('somebody-else');
  expect((await visitor.call(FETCH, token)).body).toEqual({ messages: [] });
});

test.each([
  ['failing', 503, 'login_failed', undefined],
  ['null', 200, undefined, null],
])('a login that is %s responds with %i', async (login, status, error, token) => {
  await shop.faults({ login });
  const { body, ...answer } = await visitor.token(id);
  expect([answer.status, body['error'], body['token']]).toEqual([status, error, token]);
  expect((await steps()).at(-1)).toBe(`withheld ${login}`);
});

test('a slow login returns its token after the page has stopped waiting', async () => {
  await shop.faults({ login: 'slow' });
  const before = performance.now();
  const { body } = await visitor.token(id);
  expect(performance.now() - before).toBeGreaterThan(5_000);
  expect(body['token']).toEqual(expect.any(String));
}, 10_000);

test('tokens have the lifetime that the console sets', async () => {
  await shop.faults({ tokenSeconds: 15 });
  const { token, expiresIn } = (await visitor.token(id)).body;
  const { iat, exp } = claims(token);
  expect([expiresIn, Number(exp) - Number(iat)]).toEqual([15, 15]);
});

test.each([3, -3])(
  'a server whose clock is %i hours off accepts its own tokens, and reports its own time',
  async (hours) => {
    const before = (await visitor.token(id)).body['token'];
    const right = Date.now();
    await shop.faults({ clockHours: hours });
    const { token } = (await visitor.token(id)).body;
    const answer = await visitor.call(FETCH, token);
    const old = await visitor.call(FETCH, before);
    await shop.faults({ clockHours: 0 });
    const off = right + hours * HOUR_MS;
    expect(answer.status).toBe(200);
    for (const told of [Number(claims(token)['iat']) * 1_000, Date.parse(answer.headers.get('Date') ?? '')]) {
      expect(Math.abs(told - off)).toBeLessThan(5_000);
    }
    expect(old.body['reason']).toBe(hours > 0 ? 'expired' : undefined);
    expect(Math.abs(Date.now() - right)).toBeLessThan(5_000);
    const back = await visitor.call(FETCH, token);
    expect(back.body['reason']).toBe(hours > 0 ? undefined : 'expired');
  },
);

test('no message of the console contains a token', async () => {
  for (const login of ['fine', 'expired', 'wrong-key', 'wrong-subject', 'null', 'failing']) {
    await shop.faults({ login });
    await visitor.call(FETCH, (await visitor.token(id)).body['token']);
  }
  const told = (await shop.snapshot()) + (await (await fetch(`${shop.origin}/console`)).text());
  expect(told).toContain('"refusedFor":"signature"');
  expect(told).not.toContain('eyJ');
});
