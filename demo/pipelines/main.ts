/**
 * Runs the stand-in as a process of its own: `PORT=0 WRITE_KEY=secret tsx demo/pipelines/main.ts`. With `WORK_OFF=1` an identify changes
 * the attributes of its person.
 */
import { createServer } from 'node:http';
import { close, listen } from '../http.ts';
import { createPipelines } from './pipelines.ts';
import { workOff } from './work-off.ts';

const { listener, ledger, services } = createPipelines({ writeKey: process.env['WRITE_KEY'] ?? 'write-key' });
if (process.env['WORK_OFF'] === '1')
  ledger.onRecord((_, events) => {
    for (const event of events) workOff(services.people, event);
  });
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
