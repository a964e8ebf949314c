/** `test` with the demo, started by the command that its readers use, and the steps of its visitors. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Locator, Page } from 'playwright';
import { expect, test as base } from 'playwright/test';

export interface Demo {
  readonly origin: string;
  readonly faults: (faults: object) => Promise<void>;
  /** The names of the events that Customer.io has accepted. */
  readonly names: () => Promise<readonly string[]>;
  /** Everything that the demo's process has printed. */
  readonly log: () => string;
}

interface Accepted {
  readonly type: string;
  readonly event?: string;
  readonly name?: string;
}

export const test = base.extend<{ readonly demo: Demo }>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures that are needed from it
  demo: async ({}, use) => {
    const child = spawn('npm', ['start'], {
      cwd: fileURLToPath(new URL('../../../', import.meta.url)),
      env: { ...process.env, PORT: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // a process group of its own, which contains npm and the processes that npm starts
    });
    const exited = once(child, 'exit');
    let log = '';
    const origin = await new Promise<string>((resolve, reject) => {
      for (const output of [child.stdout, child.stderr]) {
        output.on('data', (text: Buffer) => {
          log += text.toString();
          const found = /Shop\s+(http\S+?)\/\s/.exec(log)?.[1];
          if (found) resolve(found);
        });
      }
      child.once('exit', () => reject(new Error(`the demo did not start: ${log}`)));
    });
    await use({
      origin,
      log: () => log,
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
    });
    if (child.pid) process.kill(-child.pid, 'SIGTERM');
    await exited;
  },
});

export { expect } from 'playwright/test';

export interface DemoPerson {
  readonly name: string;
  readonly email: string;
  readonly season: string;
}

export const ADA: DemoPerson = { name: 'Ada Fell', email: 'ada@example.com', season: 'Autumn' };
export const BEN: DemoPerson = { name: 'Ben Ridge', email: 'ben@example.com', season: 'Summer' };

/** The messages in the inbox of a new person. */
export const WELCOME: Readonly<Record<'ada' | 'ben', readonly string[]>> = {
  ada: ['Welcome to the valley, Ada', 'The light goes early now', 'Gear is mended, not replaced'],
  ben: ['Welcome to the valley, Ben', 'Cold tea at noon', 'Gear is mended, not replaced'],
};

/** Signs a person in on the account page. */
export async function signIn(page: Page, { name, email, season }: DemoPerson): Promise<void> {
  await page.getByLabel('Name').fill(name);
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Favourite season').selectOption(season);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { name })).toBeVisible();
}

export const signOut = (page: Page): Promise<void> => page.getByRole('button', { name: 'Sign out' }).click();

export const messagesOf = (page: Page): Locator => page.locator('#inbox li h3');

/** The unread messages: their titles begin with `Unread: `. */
export const unreadOf = (page: Page): Locator => page.locator('#inbox li.unread h3');

export const badgeOf = (page: Page): Locator => page.locator('[data-unread-count]');

/** The row of a person in the demo's console. */
export const rowOf = (page: Page, { name }: DemoPerson): Locator =>
  page.locator('#people tbody tr').filter({ hasText: name });

export const cell = (row: Locator, label: string): Locator => row.locator(`[data-label="${label}"]`);

const titles = (all: readonly string[]): RegExp[] => all.map((title) => new RegExp(`${title}$`));

export async function openAccount(page: Page, demo: Demo): Promise<void> {
  await page.goto(`${demo.origin}/account`);
}

export async function openConsole(page: Page, demo: Demo): Promise<Page> {
  const console = await page.context().newPage();
  await console.goto(`${demo.origin}/console`);
  return console;
}

/** Waits until the account page shows these messages and all topics. */
export async function expectAll(page: Page, all: readonly string[]): Promise<void> {
  await expect(messagesOf(page)).toHaveText(titles(all), { timeout: 30_000 });
  await expect(page.getByRole('checkbox')).toHaveCount(3, { timeout: 30_000 });
}
