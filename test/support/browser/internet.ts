/** A browser that connects to one server of this machine for every TLS host. */
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { RequestListener } from 'node:http';
import { test as base } from 'playwright/test';
import { selfSignedCertificate } from '../server/certificate.ts';
import { type Listening, listen } from '../server/listen.ts';

export interface Internet {
  /** The request listener of that server; a test may replace it. */
  answer: RequestListener;
}

interface Machine {
  readonly tls: Listening & Internet;
}

export const test = base.extend<{ internet: Internet }, Machine>({
  tls: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures that are needed from it
    async ({}, use) => {
      const nobody: RequestListener = (_, response) => response.writeHead(502).end();
      const tls = { answer: nobody, ...(await listen(createServer(selfSignedCertificate()))) };
      tls.server.on('request', (request, response) => tls.answer(request, response));
      await use(tls);
      tls.server.closeAllConnections();
      tls.server.close();
      await once(tls.server, 'close');
    },
    { scope: 'worker' },
  ],
  launchOptions: [
    async ({ launchOptions, tls }, use) => {
      const args = [`--host-resolver-rules=MAP *:443 127.0.0.1:${tls.port}`, '--ignore-certificate-errors'];
      await use({ ...launchOptions, args: [...(launchOptions.args ?? []), ...args] });
    },
    { scope: 'worker' },
  ],
  internet: async ({ tls }, use) => use(tls),
});
