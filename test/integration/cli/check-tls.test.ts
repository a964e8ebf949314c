// @vitest-environment node
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runChecks } from '../../../src/cli/check/run-checks.ts';
import { type Certificate, selfSignedCertificate } from '../../support/server/certificate.ts';
import { CLIENT_KEY } from '../../support/docs/guide-proxies/index.ts';
import { startUpstream } from '../proxy/upstream.ts';
import { run } from './program.ts';
import { faultyProxy, serve } from './servers.ts';

/** Makes a certificate, and a file of it that clients can be told to trust. */
function makeCertificate(days: number): Certificate & { readonly file: string } {
  const folder = mkdtempSync(path.join(tmpdir(), 'cio-check-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const certificate = selfSignedCertificate(days);
  const file = path.join(folder, 'cert.pem');
  writeFileSync(file, certificate.cert);
  return { ...certificate, file };
}

test('a self-signed certificate fails the check, and nothing is sent', async () => {
  const upstream = await startUpstream();
  const url = await serve(faultyProxy(upstream.url), makeCertificate(90));
  const rows = await runChecks({ url: new URL(url), clientKey: CLIENT_KEY, timeoutMs: 5_000, dry: false });
  expect(rows.filter(({ status }) => status !== 'skip')).toMatchObject([
    { group: 'reach', name: 'TLS', status: 'fail', detail: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
  ]);
  expect(upstream.received).toEqual([]);
});

test.each([
  [90, /^pass {2}reach .* trusted, (89|90) days left$/m],
  [7, /^warn {2}reach .* trusted, [67] days left$/m],
])('a trusted certificate passes, and one that expires soon gets a warning: %s days', async (days, line) => {
  const upstream = await startUpstream();
  const { file, ...certificate } = makeCertificate(days);
  const url = await serve(faultyProxy(upstream.url), certificate);
  const environment = { CIO_CLIENT_KEY: CLIENT_KEY, NODE_EXTRA_CA_CERTS: file };
  const { code, out } = await run(['check', url], environment);
  expect(out).toMatch(line);
  expect(code).toBe(0);
});

test.each([
  ['https://shop.example.com', 'fail'],
  ['http://shop.example.com', 'warn'],
])('plain HTTP to another machine, for pages of %s: %s', async (origin, status) => {
  const upstream = await startUpstream();
  const url = new URL(await serve(faultyProxy(upstream.url, { origins: [origin] })));
  // The same server, with a host name that browsers do not treat as local.
  url.hostname = '0.0.0.0';
  const rows = await runChecks({ url, origin, clientKey: CLIENT_KEY, timeoutMs: 5_000, dry: true });
  expect(rows.find(({ name }) => name === 'TLS')).toMatchObject({ status });
});
