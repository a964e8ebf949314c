import express from 'express';
import { proxy } from './proxy.js';

const app = express();
app.use(proxy.node); // before body parsers; what is not the proxy's goes on to what follows
app.listen(process.env.PORT);
