import fastify from 'fastify';
import { proxy } from './proxy.js';

const app = fastify();
app.addHook('onRequest', ({ raw }, reply, next) => proxy.node(raw, reply.raw, next)); // before Fastify reads the body
await app.listen({ port: Number(process.env.PORT) });
