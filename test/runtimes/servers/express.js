import express from 'express';
import { proxy } from './proxy.js';

const app = express();
app.use(proxy.node); // before body parsers; requests for other paths go to the next handlers
app.listen(process.env.PORT);
