import { proxy } from './proxy.js';

Bun.serve({ port: process.env.PORT, fetch: proxy.fetch });
