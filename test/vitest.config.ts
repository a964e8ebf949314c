import { defineConfig } from 'vitest/config';
import { slim } from '../rollup.config.ts';

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  // The wrapped SDK as it is shipped: without what never runs.
  plugins: [{ ...slim(), enforce: 'pre' }],
  define: { __VERSION__: '"0.0.0-test"' },
  test: {
    environment: 'happy-dom',
    include: ['test/unit/**/*.test.ts'],
    // No test is about time; a busy machine may need more of it.
    testTimeout: 20_000,
    server: { deps: { inline: [/@customerio\//] } },
  },
});
