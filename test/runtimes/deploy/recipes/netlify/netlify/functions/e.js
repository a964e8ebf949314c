import { createProxy } from 'cio-first-party/proxy';

const proxy = createProxy({
  writeKey: process.env.CIO_WRITE_KEY,
  clientKeys: ['client-api-key-web'],
  basePath: '/e',
  clientIp: { header: 'x-nf-client-connection-ip', hops: 1 },
});

export default (request) => proxy.fetch(request);
export const config = { path: '/e/v1/*' };
