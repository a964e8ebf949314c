import Koa from 'koa';
import { proxy } from './proxy.js';

const app = new Koa();
app.use(async (context, next) => {
  if (!context.path.startsWith('/e/')) return next();
  context.respond = false; // the proxy sends the response itself
  proxy.node(context.req, context.res);
}); // before body parsers
app.listen(process.env.PORT);
