// @vitest-environment node
/** `customerToken.idType`: workspaces that identify people by their e-mail address, or by Customer.io's own id. */
import { describe, expect, test } from 'vitest';
import { createTokenIssuer } from '../../../src/proxy.ts';
import { SECRET } from './key-server.ts';
import { ATTRIBUTES, CATEGORIES, start } from './private-calls-setup.ts';
import { bearer, event, post, startProxy } from './setup.ts';

describe('the App API is asked by the kind of id that the tokens have', () => {
  test.each([
    ['id', 'u1', '/v1/customers/u1/attributes?id_type=id'],
    ['email', 'ada@example.com', '/v1/customers/ada%40example.com/attributes?id_type=email'],
    ['cio_id', 'a3000001', '/v1/customers/a3000001/attributes?id_type=cio_id'],
  ] as const)('%s', async (idType, subject, path) => {
    const { app, ask } = await start({ customerToken: { secret: SECRET, idType } });
    expect((await ask(ATTRIBUTES, {}, subject)).status).toBe(200);
    expect((await ask(CATEGORIES, {}, subject)).status).toBe(200);
    expect(app.received.map((request) => request.path)).toEqual([
      path,
      path.replace('attributes', 'subscription_preferences'),
    ]);
  });
});

describe('a trait that identifies a person must be that of the token', () => {
  const issuer = createTokenIssuer({ secret: SECRET });
  const send = async (
    idType: 'email' | 'cio_id',
    subject: string,
    traits: object,
    moreClaims: Readonly<Record<string, unknown>> = {},
  ): Promise<string> => {
    const { proxy } = await startProxy({ customerToken: { secret: SECRET, mode: 'required', idType } });
    const headers = bearer(await issuer.issue(subject, moreClaims));
    const identify = event({ type: 'identify', userId: subject, traits });
    const response = await proxy.fetch(post([identify], { headers }));
    const { rejected = [] } = (await response.json()) as { rejected?: readonly { error: string }[] };
    return rejected[0]?.error ?? String(response.status);
  };

  test.each([
    [{ email: 'ada@example.com' }, true],
    [{ email: 'ADA@example.com' }, true],
    [{ email: 'ben@example.com' }, false],
    [{ id: 'u2' }, false],
    [{ cio_id: 'a3000002' }, false],
    [{ plan: 'pro' }, true],
  ])('idType "email": %j', async (traits, passes) => {
    const result = await send('email', 'ada@example.com', traits, { email: 'ben@example.com' });
    expect(result).toBe(passes ? '200' : 'subject_mismatch');
  });

  test.each([
    [{ cio_id: 'a3000001' }, true],
    [{ cio_id: 'a3000002' }, false],
    [{ email: 'ada@example.com' }, true],
    [{ email: 'ben@example.com' }, false],
  ])('idType "cio_id": %j', async (traits, passes) => {
    const result = await send('cio_id', 'a3000001', traits, { email: 'ada@example.com' });
    expect(result).toBe(passes ? '200' : 'subject_mismatch');
  });
});
