import { defineConfig } from 'vitest/config';

/** The scenarios of `test/engines` in Chromium, Firefox and WebKit, as processes of their own, against what was built. */
export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    include: ['test/engines/*.test.ts'],
    // Two cores hold one browser.
    fileParallelism: false,
    // A busy machine may starve a browser once, and the report says so; what fails twice is broken.
    retry: 1,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
