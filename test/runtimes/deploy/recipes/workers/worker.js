import { env } from 'cloudflare:workers';
import { createProxy } from 'cio-first-party/proxy';

const proxy = createProxy({
  writeKey: env.CIO_WRITE_KEY, // npx wrangler secret put CIO_WRITE_KEY
  clientKeys: ['client-api-key-web'],
  basePath: '/e',
  clientIp: 'cf-connecting-ip',
});

export default { fetch: proxy.fetch };
