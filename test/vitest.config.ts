import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  define: { __VERSION__: '"0.0.0-test"' },
  test: {
    environment: 'happy-dom',
    include: ['test/{unit,integration,simulation,docs,types}/**/*.test.ts'],
    // No test is about time; a busy machine may need more of it.
    testTimeout: 20_000,
    hookTimeout: 30_000,
    server: { deps: { inline: [/@customerio\//] } },
  },
});
