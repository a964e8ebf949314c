/** The proxy that every server here carries, with the options of the test. */
import { createProxy } from 'cio-first-party/proxy';

export const proxy = createProxy(JSON.parse(process.env.PROXY_OPTIONS ?? ''));
