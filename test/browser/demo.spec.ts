/** The demo, started as its readers start it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test as base } from 'playwright/test';

interface Demo {
  readonly origin: string;
  readonly faults: (faults: object) => Promise<void>;
  /** What Customer.io has accepted, by name. */
  readonly names: () => Promise<readonly string[]>;
}

interface Accepted {
  readonly type: string;
  readonly event?: string;
  readonly name?: string;
}

const test = base.extend<{ readonly demo: Demo }>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures that are needed from it
  demo: async ({}, use) => {
    const child = spawn('npm', ['start'], {
      cwd: fileURLToPath(new URL('../../', import.meta.url)),
      env: { ...process.env, PORT: '0' },
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true, // its own group: npm, and what npm has started
    });
    let origin: string | undefined;
    for await (const line of createInterface({ input: child.stdout })) {
      origin = /Shop\s+(http\S+?)\/$/.exec(line.trim())?.[1];
      if (origin) break;
    }
    if (!origin) throw new Error('the demo did not start');
    const demo: Demo = {
      origin,
      faults: async (faults) => {
        const response = await fetch(`${origin}/console/faults`, {
          method: 'POST',
          body: JSON.stringify(faults),
        });
        expect(response.ok).toBe(true);
      },
      async names() {
        const response = await fetch(`${origin}/console/events`);
        const { events } = (await response.json()) as { events: readonly Accepted[] };
        return events.map(({ event, name, type }) => event ?? name ?? type);
      },
    };
    await use(demo);
    const exited = once(child, 'exit');
    if (child.pid) process.kill(-child.pid, 'SIGTERM');
    await exited;
  },
});

test('what a visitor of the shop does arrives, also what they did while the proxy was down', async ({
  demo,
  page,
}) => {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(demo.origin);
  await expect.poll(demo.names).toContain('Home');
  await demo.faults({ proxy: 'down' });
  await page.getByRole('navigation', { name: 'Shop' }).getByRole('link', { name: 'All gear' }).click();
  await page.locator('main a[href^="/products/"]').first().click();
  await page.waitForURL('**/products/*'); // and until its scripts have run
  await page.getByRole('button', { name: /add to cart/i }).click();
  const before = await demo.names();
  await demo.faults({ proxy: 'up' });
  await expect.poll(demo.names, { timeout: 20_000 }).toContain('Product Added');
  expect((await demo.names()).length).toBeGreaterThan(before.length);
  expect(errors).toEqual([]);
});
