/**
 * Follows the start pages from an empty folder to a delivered event: the commands, files and clicks are those of the page. A mock takes the
 * place of Customer.io, by the variable of the local sandbox, and the packed package takes the place of the one in the registry.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { type Browser, chromium } from 'playwright';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { packInto } from '../support/build/pack.ts';
import { pageText } from '../support/docs/documentation.ts';
import { readTutorial } from '../support/docs/tutorial.ts';
import { startServer, type ServerProcess } from '../support/server/process.ts';
import { findHeadlessShell } from '../support/setup/chromium.ts';
import { createStandIn, type StandIn } from '../support/site/stand-in.ts';
import { openTerminal } from './start-pages/terminal.ts';
import { createReader } from './start-pages/walk.ts';

/** Each page with the name of the event that it delivers. */
const PAGES = [
  ['nextjs', 'Order Placed'],
  ['vite-react', 'Order Placed'],
  ['vue', 'Order Placed'],
  ['sveltekit', 'Order Placed'],
  ['script-tag', 'Order Placed'],
  ['proxy-cli', 'cio-first-party check'],
] as const;

const MOST_COMMANDS = 5;
const MOST_MACHINE_TIME_MS = 180_000;
/** A walk that fails should report its step, and not a timeout. */
const PATIENCE_MS = 2 * MOST_MACHINE_TIME_MS;

/**
 * The newest versions that npm may take for `@latest` and for ranges: without this date, a release of another project could break the
 * test. `START_PAGES_BEFORE=2030-01-01` selects another date.
 */
const BEFORE = process.env['START_PAGES_BEFORE'] ?? '2026-11-30';

/** The text of the pages that stands for the write key of the reader. */
const WRITE_KEY = 'your-write-key';

/** Variables of this run that a reader does not have: those of Vitest, npm, and of other servers. */
const FOREIGN =
  /^(npm_(?!config_(cache|registry)$)|VITEST|NODE_ENV$|NODE_OPTIONS$|TEST$|DEV$|PROD$|MODE$|SSR$|BASE_URL$|PORT$|HOST$|CIO_|INIT_CWD$|FORCE_COLOR$)/i;

const environment = (upstreamUrl: string): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !FOREIGN.test(name))),
  CIO_UPSTREAM_URL: upstreamUrl,
  NEXT_TELEMETRY_DISABLED: '1',
  npm_config_before: BEFORE,
  npm_config_prefer_offline: 'true',
  // The reader presses Enter when npx asks whether to install a package.
  npm_config_yes: 'true',
});

let folder: string;
let tarball: string;
let browser: Browser;
let upstream: ServerProcess;
let standIn: StandIn;

beforeAll(async () => {
  folder = await mkdtemp(`${tmpdir()}/cio-start-`);
  tarball = await packInto(folder);
  upstream = await startServer('demo/pipelines/main.ts', { PORT: '0', WRITE_KEY });
  standIn = createStandIn(upstream.origin);
  const executablePath = findHeadlessShell();
  browser = await chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
});
afterEach(() => standIn.forget());
afterAll(async () => {
  await browser.close();
  await upstream.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

test.each(PAGES)(
  'docs/start/%s.md leads from an empty folder to the delivered event "%s"',
  { timeout: PATIENCE_MS },
  async (name, event) => {
    const { steps, check } = readTutorial(pageText(`docs/start/${name}.md`));
    await mkdir(`${folder}/${name}`);
    const terminal = openTerminal(`${folder}/${name}`, environment(upstream.origin));
    onTestFinished(() => terminal.stop());
    const reader = createReader({ terminal, browser, tarball });

    const startMs = performance.now();
    await reader.follow(steps);
    await vi.waitFor(async () => expect(await standIn.names()).toContain(event), {
      timeout: 20_000,
      interval: 100,
    });
    const machineTimeMs = performance.now() - startMs;
    const commands = reader.commands();
    console.log(`start page ${name}: ${commands} commands, ${Math.round(machineTimeMs / 1_000)} s`);
    expect(commands).toBeLessThanOrEqual(MOST_COMMANDS);
    expect(machineTimeMs).toBeLessThanOrEqual(MOST_MACHINE_TIME_MS);

    await reader.follow(check);
  },
);
