/** `npm start`: builds what is missing, and starts shop, proxy, console and Customer.io's stand-in. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createFaultSwitches } from './faults.ts';
import { close, listen } from './http.ts';
import { createDemo } from './server.ts';
import { connectCustomerIo, READABLE_ATTRIBUTES, startStandIn, type Upstream } from './upstream.ts';

const port = Number(process.env['PORT'] ?? 4173);
const host = process.env['HOST'] ?? '127.0.0.1';

buildWhatIsMissing();
try {
  await start();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

function buildWhatIsMissing(): void {
  const missing = ['cio.js', 'cio-stub.js', 'proxy.js'].filter(
    (name) => !existsSync(new URL(`../dist/${name}`, import.meta.url)),
  );
  if (missing.length === 0) return;
  console.log(`Building first: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing.\n`);
  const { status } = spawnSync('npm', ['run', 'build'], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(status ?? 1);
}

async function start(): Promise<void> {
  const switches = createFaultSwitches();
  const upstream = await startUpstream();
  const demo = createDemo({ upstream, switches });
  await listen(demo.server, port, host);
  const origin = `http://localhost:${(demo.server.address() as { port: number }).port}`;
  const customerIo = upstream.kind === 'stand-in' ? `${upstream.url}  (a stand-in)` : upstream.url;
  console.log(`
  Shop          ${origin}/
  Live console  ${origin}/console
  Proxy         ${origin}/e
  Customer.io   ${customerIo}

  Stop with Ctrl+C.
`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      demo.close();
      void Promise.all([close(demo.server), upstream.close()]).then(() => process.exit(0));
    });
  }

  async function startUpstream(): Promise<Upstream> {
    const writeKey = process.env['CIO_WRITE_KEY'];
    if (!writeKey) return startStandIn(switches, Number(process.env['PIPELINES_PORT'] ?? 0));
    const isEu = process.env['CIO_REGION'] === 'eu';
    const [appKey, siteId] = [process.env['CIO_APP_API_KEY'], process.env['CIO_SITE_ID']];
    const url = isEu ? 'https://api-eu.customer.io' : 'https://api.customer.io';
    if (!appKey) console.log('  No topics: they need CIO_APP_API_KEY.');
    if (!siteId) console.log('  No inbox and no messages: they need CIO_SITE_ID.');
    const secret = process.env['CIO_IN_APP_ANONYMOUS_SECRET'];
    return connectCustomerIo(switches, writeKey, `https://${isEu ? 'cdp-eu' : 'cdp'}.customer.io`, {
      ...(appKey && { appApi: { key: appKey, url, attributes: READABLE_ATTRIBUTES } }),
      ...(siteId && { inApp: { siteId, ...(secret && { anonymous: { secret } }) } }),
    });
  }
}
