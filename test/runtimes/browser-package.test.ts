/** The browser package in runtimes without a browser: every call does nothing. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { FOLDER } from './folder.ts';
import { BUN, deno, NEWEST_NODE, NODE, versionOf } from './runtimes.ts';
import { startWorkerd } from './workerd.ts';

const ALL_FIELDS = {
  thrown: [],
  missing: [],
  receipts: ['discarded'],
  stats: { tracked: 0, delivered: 0, pending: 0 },
  said: [null],
  touched: [],
  added: [],
};

/** Only private calls reject, and their errors name the reason. */
const REJECTED = [
  'fetch auth-disabled',
  'inbox.messages auth-disabled',
  'inbox.total auth-disabled',
  'inbox.totalUnopened auth-disabled',
  'inbox.markAsRead auth-disabled',
  'inbox.markAsUnread auth-disabled',
  'inbox.trackClick auth-disabled',
  'inbox.delete auth-disabled',
  'customer.attributes auth-disabled',
  'customer.subscriptions auth-disabled',
];

const nothing = { ...ALL_FIELDS, rejected: REJECTED };

test.each([NODE, NEWEST_NODE, deno(), BUN])(
  'in $name the package can be imported and called: nothing happens, and the process ends by itself',
  async (runtime) => {
    expect(versionOf(runtime)).toMatch(/^\d+\./);
    const { stdout, stderr } = await promisify(execFile)(
      runtime.command,
      [...runtime.args, 'browser-package/program.js'],
      // The limit is shorter than any timer that the package might leave behind.
      { cwd: FOLDER, timeout: 5_000 },
    );
    expect(JSON.parse(stdout)).toMatchObject(nothing);
    expect(stderr).toBe('');
  },
);

const WORKER = `
  import * as browser from 'cio-first-party';
  import * as consent from 'cio-first-party/consent';
  import { report } from './browser-package/report.js';
  // Where an application makes it: before the first request, where workers may do nothing that waits or is random.
  const analytics = browser.createAnalytics({ proxyUrl: '/e', clientKey: 'web' });
  const receipt = await analytics.track('Order Placed');
  const flushed = await analytics.flush();
  export default {
    fetch: async () => Response.json({ receipt, flushed, ...(await report(async () => [browser, consent])) }),
  };`;

test('in a Worker an instance can be created outside of any request, and called: nothing happens', async () => {
  const { origin, stop } = await startWorkerd(WORKER);
  onTestFinished(stop);
  expect(await (await fetch(origin)).json()).toMatchObject({
    ...nothing,
    receipt: { state: 'discarded' },
    flushed: { delivered: 0, pending: 0, dropped: 0 },
  });
});
