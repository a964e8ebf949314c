/** Writes the generated pages of the documentation: `npm run docs:reference`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { referencePages } from './pages.ts';

for (const { file, text } of await referencePages()) {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}
