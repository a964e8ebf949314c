import { proxy } from '../../../lib/proxy.js';

export const GET = proxy.fetch;
export const HEAD = proxy.fetch;
export const POST = proxy.fetch;
export const OPTIONS = proxy.fetch;
