import { defineConfig } from 'vitest/config';

/** The package in other runtimes and servers, each as a process of its own: what was built, not the sources. */
export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    globalSetup: 'test/runtimes/setup.ts',
    include: ['test/runtimes/*.test.ts', 'test/runtimes/deploy/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 120_000,
  },
});
