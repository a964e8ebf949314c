/** The page learns from the real proxy why its customer token is refused. */
import { expect, test, vi } from 'vitest';
import { createProxy } from '../../../src/proxy.ts';
import { SdkError } from '../../../src/protocol/errors.ts';
import type { Received } from '../../fakes/proxy-server.ts';
import { openSite, type Site } from '../../fakes/site.ts';
import { hmac } from '../proxy/token-verifier-setup.ts';
import { SECRET } from '../proxy/key-server.ts';
import { watchPage } from './setup.ts';

watchPage();

const HOUR_S = 3_600;
const nowS = (): number => Math.floor(Date.now() / 1_000);
const good = (): Record<string, unknown> => ({
  sub: 'ann',
  iss: 'https://id.example.com',
  aud: 'events',
  iat: nowS(),
  exp: nowS() + HOUR_S,
});

interface Fault {
  readonly name: string;
  readonly reason: string;
  readonly claims?: () => Record<string, unknown>;
  readonly secret?: string;
  readonly algorithm?: string;
}

const FAULTS: readonly Fault[] = [
  { name: 'another audience', reason: 'audience', claims: () => ({ aud: 'shop' }) },
  { name: 'another issuer', reason: 'issuer', claims: () => ({ iss: 'https://other.example.com' }) },
  { name: 'another secret', reason: 'signature', secret: `not ${SECRET}` },
  { name: 'a time that has not begun', reason: 'not_yet', claims: () => ({ nbf: nowS() + HOUR_S }) },
  { name: 'another algorithm', reason: 'algorithm', algorithm: 'HS512' },
];

/** A site whose private calls the real proxy answers. */
async function siteWithProxy(): Promise<Site> {
  const site = await openSite();
  const proxy = createProxy({
    writeKey: 'write-key',
    clientKeys: [site.clientKey],
    fetch: () => Promise.resolve(new Response('{}')),
    inApp: { siteId: 'site' },
    customerToken: {
      secret: SECRET,
      algorithms: ['HS256'],
      issuer: 'https://id.example.com',
      audience: 'events',
    },
  });
  site.server.respond(async ({ method, path, headers, text }: Received) => {
    const sent = Object.entries(headers).flatMap(([name, value]) =>
      typeof value === 'string' && name !== 'content-encoding' ? [[name, value] as [string, string]] : [],
    );
    const body = method === 'GET' ? null : text;
    const response = await proxy.fetch(
      new Request(`${site.server.url}${path.replace(/^\/e/, '')}`, { method, headers: sent, body }),
    );
    return {
      status: response.status,
      headers: { Date: new Date().toUTCString() },
      body: await response.text(),
    };
  });
  // In happy-dom, the clone of a network response is empty.
  const original = fetch;
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (...given) => {
    const response = await original(...given);
    const { status, headers } = response;
    return new Response(await response.text(), { status, headers });
  });
  return site;
}

async function failureOf(work: Promise<unknown>): Promise<SdkError> {
  const failure = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(failure instanceof SdkError)) throw new Error(`The call has not failed: ${String(failure)}`);
  return failure;
}

const tokenOf = ({ claims, secret, algorithm = 'HS256' }: Fault, serial: number): string =>
  hmac({ alg: algorithm }, { ...good(), jti: String(serial), ...claims?.() }, secret);

test.each(FAULTS)('$name: error and status name the reason "$reason"', async (fault) => {
  const site = await siteWithProxy();
  let serial = 0;
  let isRight = false;
  const tokens: string[] = [];
  const { analytics, told } = site.open({
    customerToken: () => {
      const token = isRight ? tokenOf({ name: '', reason: '' }, ++serial) : tokenOf(fault, ++serial);
      tokens.push(token);
      return token;
    },
  });
  void analytics.identify('ann');
  const failure = await failureOf(analytics.inbox.messages());
  expect(failure.code).toBe('token-rejected');
  expect(failure.message).toBe(
    `The proxy has refused the customer token (reason: ${fault.reason}; the log of the proxy says more)`,
  );
  expect(analytics.customerTokenStatus()).toEqual({ state: 'none', userId: 'ann', reason: fault.reason });
  expect(told.token.filter(({ type }) => type === 'invalid')).toMatchObject([
    { status: 401, reason: fault.reason },
    { status: 401, reason: fault.reason },
  ]);
  const said = JSON.stringify([failure.message, analytics.customerTokenStatus(), told.token]);
  for (const token of tokens) expect(said).not.toContain(token);

  // The issuer is corrected: the reason is gone as soon as there is another token.
  isRight = true;
  expect((await analytics.fetch('/v1/health')).status).toBe(200);
  expect(analytics.customerTokenStatus()).toMatchObject({ state: 'usable' });
  expect(analytics.customerTokenStatus()).not.toHaveProperty('reason');
});

test.each(FAULTS)('$name without a provider: error and status name the reason "$reason"', async (fault) => {
  const site = await siteWithProxy();
  const { analytics } = site.open();
  void analytics.identify('ann', {}, { token: tokenOf(fault, 1) });
  for (let call = 1; call <= 2; call++) {
    const failure = await failureOf(analytics.inbox.messages());
    expect(failure.code).toBe('token-rejected');
    expect(failure.message).toContain(`(reason: ${fault.reason}; `);
  }
  expect(analytics.customerTokenStatus()).toEqual({ state: 'none', userId: 'ann', reason: fault.reason });
  analytics.setCustomerToken(null);
  await vi.waitFor(() => expect(analytics.customerTokenStatus()).toEqual({ state: 'none', userId: 'ann' }));
});

test('a token that expired before the page got it: the error says so, and the status has the reason', async () => {
  const site = await siteWithProxy();
  const expired = (serial: number): string =>
    tokenOf(
      {
        name: '',
        reason: 'expired',
        claims: () => ({ iat: nowS() - 2 * HOUR_S, exp: nowS() - HOUR_S }),
      },
      serial,
    );
  let serial = 0;
  const { analytics } = site.open({ customerToken: () => expired(++serial) });
  void analytics.identify('ann');
  // The clock of the page may be wrong, so the first token is sent to the proxy. Its response has the server time.
  const failure = await failureOf(analytics.inbox.messages());
  expect([failure.code, failure.message]).toEqual([
    'token-expired',
    'The customer token provider returned an unusable token: it has already expired. Is it from a cache?',
  ]);
  expect(analytics.customerTokenStatus()).toMatchObject({ state: 'backoff', reason: 'expired' });
});

test('several refused tokens in a row: the error of the block names the reason', async () => {
  const site = await siteWithProxy();
  let serial = 0;
  const [fault] = FAULTS;
  const { analytics } = site.open({
    customerToken: () => tokenOf(fault ?? { name: '', reason: '' }, ++serial),
  });
  void analytics.identify('ann');
  for (let call = 1; call <= 3; call++) await failureOf(analytics.inbox.messages());
  const failure = await failureOf(analytics.inbox.messages());
  expect([failure.code, failure.message]).toEqual([
    'token-blocked',
    'The proxy has refused several customer tokens in a row (reason: audience; the log of the proxy says more)',
  ]);
  expect(analytics.customerTokenStatus()).toMatchObject({ state: 'blocked', reason: 'audience' });
});
