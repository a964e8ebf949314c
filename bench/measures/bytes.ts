import { gzipSync } from 'node:zlib';
import type { Measure } from '../measure.ts';
import { sourceOf } from '../servers.ts';

/** What a page loads before it can track: always the same, so once is enough. */
export const bytes: Measure = {
  key: 'bytes',
  runs: () => 1,
  run: async (_browser, candidate) => ({
    values: { bytes: gzipSync(sourceOf(candidate), { level: 9 }).byteLength },
    lost: 0,
  }),
};
