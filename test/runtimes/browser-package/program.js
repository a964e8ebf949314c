/** In Node, Deno and Bun: says what happened, and ends by itself. */
import { report } from './report.js';

const started = Date.now();
const found = await report(() => Promise.all([import('cio-first-party'), import('cio-first-party/consent')]));
console.log(JSON.stringify({ ...found, ms: Date.now() - started }));
