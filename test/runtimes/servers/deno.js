import { proxy } from './proxy.js';

Deno.serve({ port: Number(Deno.env.get('PORT')) }, proxy.fetch);
