import { defineConfig } from 'vitest/config';
import all from './vitest.config.ts';

/** Unit tests only, in two threads whose files share their modules: half of the CPU time of a process for each file. */
export default defineConfig({
  ...all,
  test: {
    ...all.test,
    include: ['test/unit/**/*.test.ts'],
    pool: 'threads',
    isolate: false,
    maxWorkers: 2,
  },
});
