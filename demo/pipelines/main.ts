/** Runs the stand-in as a process of its own: `PORT=0 WRITE_KEY=secret tsx demo/pipelines/main.ts`. */
import { createServer } from 'node:http';
import { close, listen } from '../http.ts';
import { createPipelines } from './pipelines.ts';

const { listener } = createPipelines({ writeKey: process.env['WRITE_KEY'] ?? 'write-key' });
const server = createServer(listener);

try {
  const origin = await listen(server, Number(process.env['PORT'] ?? 0));
  console.log(JSON.stringify({ listening: origin }));
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void close(server).then(() => process.exit(0)));
}
