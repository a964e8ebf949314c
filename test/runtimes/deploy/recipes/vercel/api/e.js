import { createProxy } from 'cio-first-party/proxy';

const proxy = createProxy({
  writeKey: process.env.CIO_WRITE_KEY,
  clientKeys: ['client-api-key-web'],
  basePath: '/e',
  clientIp: 'x-real-ip',
});

export default { fetch: proxy.fetch };
