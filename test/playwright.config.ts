import { defineConfig } from 'playwright/test';
import { findHeadlessShell } from './support/setup/chromium.ts';

const executablePath = findHeadlessShell();

export default defineConfig({
  testDir: './browser',
  outputDir: './results/browser',
  fullyParallel: true,
  // Pages mostly wait: for timers, and for answers that take their time.
  workers: 4,
  // A busy machine may starve a browser once, and the report says so; what fails twice is broken.
  retries: 1,
  timeout: 60_000,
  expect: { timeout: 15_000 },
  reporter: 'list',
  use: {
    browserName: 'chromium',
    launchOptions: {
      ...(executablePath ? { executablePath } : {}),
      // Root has no sandbox, and containers have a small /dev/shm.
      args: ['--no-sandbox', '--disable-dev-shm-usage'],
    },
  },
});
