/** Run by Jest, in its jsdom: as an application imports and calls the package in its own tests. */
import { createAnalytics } from 'cio-first-party';
import * as consent from 'cio-first-party/consent';

const errors = [];
const record = ({ reason, error }) => errors.push(String(reason ?? error));
process.on('unhandledRejection', record);
window.addEventListener('error', record);

function make() {
  const analytics = createAnalytics({ proxyUrl: '/e', clientKey: 'web', pageViews: 'load' });
  const told = [];
  analytics.on('error', ({ code, message }) => told.push(`${code} ${message}`));
  return { analytics, told };
}

afterEach(() => expect(errors).toEqual([]));

test('it can be imported and called where jsdom has next to nothing of a browser', async () => {
  expect(typeof TextEncoder).toBe('undefined');
  expect(typeof consent.globalPrivacyControl().subscribe).toBe('function');
  const { analytics } = make();
  const { state, reason } = await analytics.track('Order Placed');
  expect([state, reason]).toEqual(['discarded', 'invalid']);
  expect(analytics.stats()).toMatchObject({ tracked: 2, pending: 0 });
  await analytics.flush();
  analytics.close();
});

test('with the TextEncoder and fetch of Node events arrive', async () => {
  const { TextEncoder } = await import('node:util');
  const batches = [];
  Object.assign(globalThis, {
    TextEncoder,
    async fetch(url, { body }) {
      batches.push([
        url,
        ...JSON.parse(Buffer.from(body).toString()).batch.map(({ event, type }) => event ?? type),
      ]);
      return { status: 200, headers: new Headers(), text: async () => '{"success":true}' };
    },
  });
  const { analytics, told } = make();
  expect(await analytics.track('Order Placed')).toMatchObject({ state: 'memory' });
  expect(await analytics.flush()).toMatchObject({ pending: 0 });
  expect(batches.flat()).toContain('Order Placed');
  expect(told).toEqual(['storage-unavailable IndexedDB fails']);
  analytics.close();
});
