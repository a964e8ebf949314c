import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Analytics } from '../../../src/analytics.ts';
import { forgetInstances } from '../../fakes/site.ts';

type Page = Record<string, unknown>;
const page = window as unknown as Page;

/** Runs the classic script as if its tag had these attributes. */
async function run(attributes: Readonly<Record<string, string>>): Promise<void> {
  const script = document.createElement('script');
  for (const [name, value] of Object.entries(attributes)) script.setAttribute(name, value);
  vi.spyOn(document, 'currentScript', 'get').mockReturnValue(script);
  vi.resetModules();
  await import('../../../src/script/cio.ts');
}

const opened: Analytics[] = [];
const instance = (name = 'cioanalytics'): Analytics => {
  const analytics = page[name] as Analytics;
  opened.push(analytics);
  return analytics;
};

beforeEach(() => {
  forgetInstances();
  for (const name of ['cioanalytics', 'mine']) Reflect.deleteProperty(page, name);
});

afterEach(() => {
  for (const each of opened.splice(0)) each.close();
  vi.restoreAllMocks();
});

describe('the classic script', () => {
  const TAG = { 'data-proxy-url': '/e', 'data-client-key': 'tag', 'data-consent': 'pending' };

  test('makes the SDK from the attributes of its tag', async () => {
    await run(TAG);
    const analytics = instance();
    expect(analytics.consent.state).toBe('pending');
    expect(await analytics.track('E')).toMatchObject({ state: 'held' });
  });

  test('takes over the calls that a stub has queued', async () => {
    page['cioanalytics'] = [
      ['track', 'a'],
      ['track', 'b'],
    ];
    await run(TAG);
    expect(instance().stats()).toMatchObject({ tracked: 2, pending: 2 });
  });

  test('can have another name', async () => {
    await run({ ...TAG, 'data-global': 'mine' });
    expect(instance('mine').consent.state).toBe('pending');
    expect(page['cioanalytics']).toBeUndefined();
  });

  test('without a key leaves the making to the page', async () => {
    await run({});
    expect(typeof (page['cioanalytics'] as { createAnalytics?: unknown }).createAnalytics).toBe('function');
  });
});
