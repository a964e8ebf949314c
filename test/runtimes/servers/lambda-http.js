import serverless from 'serverless-http';
import { proxy } from './proxy.js';

export const handler = serverless(proxy.node);
