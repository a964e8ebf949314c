import { createServer } from 'node:http';
import { proxy } from './proxy.js';

createServer(proxy.node).listen(process.env.PORT);
