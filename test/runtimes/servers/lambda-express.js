import serverlessExpress from '@codegenie/serverless-express';
import express from 'express';
import { proxy } from './proxy.js';

const app = express();
app.use(proxy.node);
export const handler = serverlessExpress({ app });
