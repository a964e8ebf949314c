// @vitest-environment node
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ADA, BEN, openShop, type Shop, type Visitor } from './shop.ts';

let shop: Shop;
let visitor: Visitor;

beforeEach(async () => {
  shop = await openShop();
  visitor = shop.visitor();
});
afterEach(() => shop.close());

const FETCH = '/v1/inbox/fetch';
const CATEGORIES = '/v1/consent/categories';

async function inboxOf(who: Visitor, id: string): Promise<readonly string[]> {
  const { body } = await who.call(FETCH, (await who.token(id)).body['token']);
  return (body['messages'] as { properties: { title: string } }[]).map(({ properties }) => properties.title);
}

describe('signing in', () => {
  test('returns the person with a random id, and sets an HttpOnly cookie', async () => {
    const { status, body, headers } = await visitor.ask('POST', '/account/session', {
      ...ADA,
      email: ' Ada@Example.com ',
    });
    expect(status).toBe(200);
    expect(body).toEqual({ person: { ...ADA, id: expect.stringMatching(/^tarn-[\da-f-]{36}$/) } });
    expect(headers.get('Set-Cookie')).toMatch(
      /^tarn_session=[\w-]{43}; Path=\/account; HttpOnly; SameSite=Lax; Max-Age=86400$/,
    );
    expect(headers.get('Cache-Control')).toBe('no-store');
  });

  test('returns the same person for the same email, and another one for another email', async () => {
    const first = await visitor.signIn(ADA);
    const again = await shop.visitor().signIn({ ...ADA, email: 'ADA@example.com', season: 'Winter' });
    const other = await shop.visitor().signIn(BEN);
    expect([again === first, other === first]).toEqual([true, false]);
  });

  test('starts a new session each time, and ends the previous one', async () => {
    const cookies = [];
    for (let time = 0; time < 2; time += 1) {
      const { headers } = await visitor.ask('POST', '/account/session', ADA);
      cookies.push(headers.get('Set-Cookie')?.split(';', 1)[0] ?? '');
    }
    expect(cookies[0]).not.toBe(cookies[1]);
    const stale = await visitor.ask(
      'POST',
      '/account/token',
      { userId: 'x', reason: 'due' },
      { Cookie: cookies[0] ?? '' },
    );
    expect([stale.status, stale.body['error']]).toEqual([401, 'signed_out']);
  });

  test.each([
    ['a body that is no JSON', 'name=Ada', 400, 'Expected a JSON object, got something that is not JSON'],
    ['a list', [], 400, 'Expected a JSON object, got []'],
    ['no name', { ...ADA, name: '  ' }, 400, '"name" must be a text of 1 to 100 characters, got "  "'],
    ['a name missing', { email: ADA.email, season: ADA.season }, 400, '"name" is missing'],
    [
      'no email',
      { ...ADA, email: 'ada' },
      400,
      '"email" must be an email address of at most 200 characters, got "ada"',
    ],
    [
      'a season that is none',
      { ...ADA, season: 'Mud' },
      400,
      '"season" must be one of "Spring", "Summer", "Autumn", "Winter", got "Mud"',
    ],
    ['a field more', { ...ADA, id: 'tarn-1' }, 400, 'Unknown field "id"; known are name, email, season'],
    ['too much', { ...ADA, name: 'a'.repeat(6_000) }, 413, 'The body must not exceed 5000 bytes'],
  ])('refuses %s', async (_, body, status, message) => {
    const answer = await visitor.ask('POST', '/account/session', body);
    expect([answer.status, answer.body['message']]).toEqual([status, message]);
    expect(answer.headers.get('Set-Cookie')).toBeNull();
  });

  test.each([
    ['a page of another site', { 'Sec-Fetch-Site': 'cross-site' }],
    ['a page of another port', { 'Sec-Fetch-Site': 'same-site' }],
    ['an older browser on another site', { Origin: 'https://evil.example' }],
    ['a page without an origin', { Origin: 'null' }],
  ])('is refused for %s, as are all other requests', async (_, headers) => {
    await visitor.signIn(ADA);
    for (const [method, path, body] of [
      ['POST', '/account/session', BEN],
      ['DELETE', '/account/session', undefined],
      ['POST', '/account/token', { userId: 'x', reason: 'due' }],
    ] as const) {
      const answer = await visitor.ask(method, path, body, headers);
      expect([answer.status, answer.body['error']]).toEqual([403, 'other_origin']);
      expect(answer.headers.get('Set-Cookie')).toBeNull();
    }
  });

  test('accepts nothing that a form of another site could send', async () => {
    const answer = await visitor.ask('POST', '/account/session', ADA, { 'Content-Type': 'text/plain' });
    expect([answer.status, answer.body['error']]).toEqual([415, 'unsupported_media_type']);
  });

  test.each([
    ['GET', '/account/session', 'POST, DELETE'],
    ['DELETE', '/account/token', 'POST'],
  ])('refuses %s %s', async (method, path, allowed) => {
    const { status, headers } = await visitor.ask(method, path);
    expect([status, headers.get('Allow')]).toEqual([405, allowed]);
  });
});

describe('a customer token', () => {
  test('is only for a person who has signed in', async () => {
    expect((await visitor.token('anybody')).body['error']).toBe('signed_out');
    const id = await visitor.signIn(ADA);
    const { status, body, headers } = await visitor.token(id);
    expect([status, body]).toEqual([200, { token: expect.any(String), expiresIn: 60 }]);
    expect(headers.get('Cache-Control')).toBe('no-store');
    const other = await shop.visitor().signIn(BEN);
    const refused = await visitor.token(other);
    expect([refused.status, refused.body['error']]).toEqual([403, 'somebody_else']);
  });

  test('is refused after the person has signed out', async () => {
    const id = await visitor.signIn(ADA);
    const { status, headers } = await visitor.ask('DELETE', '/account/session');
    expect([status, headers.get('Set-Cookie')]).toEqual([204, expect.stringMatching(/=; .*Max-Age=0$/)]);
    expect((await visitor.token(id)).status).toBe(401);
  });

  test.each([
    [{ userId: '', reason: 'due' }, '"userId" must be a text of 1 to 200 characters, got ""'],
    [{ reason: 'due' }, '"userId" is missing'],
    [
      { userId: 'x', reason: 'because' },
      '"reason" must be one of "initial", "identify", "due", "expired", "rejected", "manual", got "because"',
    ],
  ])('is refused for %j', async (body, message) => {
    await visitor.signIn(ADA);
    const answer = await visitor.ask('POST', '/account/token', body);
    expect([answer.status, answer.body['message']]).toEqual([400, message]);
  });
});

describe('the private data of a person', () => {
  test('has an inbox for each person, with a welcome message', async () => {
    const other = shop.visitor();
    const [ada, ben] = [await visitor.signIn(ADA), await other.signIn(BEN)];
    expect(await inboxOf(visitor, ada)).toEqual([
      'Welcome to the valley, Ada',
      'The light goes early now',
      'Gear is mended, not replaced',
    ]);
    expect(await inboxOf(other, ben)).toEqual([
      'Welcome to the valley, Ben',
      'Cold tea at noon',
      'Gear is mended, not replaced',
    ]);
  });

  test('is unchanged when the person signs in again', async () => {
    const id = await visitor.signIn(ADA);
    const { token } = (await visitor.token(id)).body;
    expect((await visitor.call('/v1/inbox/delete', token, { id: `${id}-welcome` })).status).toBe(200);
    await visitor.ask('DELETE', '/account/session');
    await visitor.signIn(ADA);
    expect(await inboxOf(visitor, id)).toEqual(['The light goes early now', 'Gear is mended, not replaced']);
  });

  test("has the person's topics, which change as soon as the person changes them", async () => {
    const id = await visitor.signIn(ADA);
    const { token } = (await visitor.token(id)).body;
    const subscribed = async (): Promise<unknown> => {
      const { body } = await visitor.call(CATEGORIES, token);
      return (body['topics'] as { subscribed: boolean }[]).map((topic) => topic.subscribed);
    };
    expect(await subscribed()).toEqual([true, false, true]);
    await visitor.call(CATEGORIES, token, { topics: [{ id: '2', subscribed: true }] });
    expect(await subscribed()).toEqual([true, true, true]);
  });

  test('fails while Customer.io fails', async () => {
    const id = await visitor.signIn(ADA);
    const { token } = (await visitor.token(id)).body;
    await shop.faults({ upstream: 500 });
    expect((await visitor.call(FETCH, token)).status).toBe(503);
    await shop.faults({ upstream: 200 });
    expect((await visitor.call(FETCH, token)).status).toBe(200);
  });

  test('is missing without the keys of Customer.io, and the page says which keys', async () => {
    const bare = await openShop((upstream) => ({ ...upstream, appApi: undefined, inApp: undefined }));
    try {
      const page = await (await fetch(`${bare.origin}/account`)).text();
      expect(page).toContain('CIO_SITE_ID');
      expect(page).toContain('CIO_APP_API_KEY');
      expect(page).not.toMatch(/<body[^>]*data-(inbox|topics)/);
      const who = bare.visitor();
      const { token } = (await who.token(await who.signIn(ADA))).body;
      const { status, body } = await who.call(FETCH, token);
      expect([status, body['message']]).toEqual([404, expect.stringContaining('"inApp" is missing')]);
    } finally {
      await bare.close();
    }
  });
});
