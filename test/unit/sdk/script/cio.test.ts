import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Analytics } from '../../../../src/sdk/api.ts';
import type { AnalyticsOptions } from '../../../../src/sdk/options/options.ts';
import { forgetInstances } from '../../../fakes/site.ts';

type Global = Analytics & { createAnalytics(options?: Partial<AnalyticsOptions>): Analytics };

const HELP = 'https://github.com/cio-first-party/cio-first-party/blob/main/docs/errors/invalid-options.md';
const page = window as unknown as Record<string, unknown>;

/** Runs the classic script as if its tag had these attributes. */
async function run(attributes: Readonly<Record<string, string>>): Promise<void> {
  const script = document.createElement('script');
  for (const [name, value] of Object.entries(attributes)) script.setAttribute(name, value);
  vi.stubGlobal('cioTag', script);
  vi.stubGlobal('cioFiles', {});
  vi.resetModules();
  await import('../../../../src/sdk/script/cio.ts');
}

const opened = new Set<Analytics>();
function instance(name = 'cioanalytics'): Global {
  const analytics = page[name] as Global;
  opened.add(analytics);
  return analytics;
}

let warnings: string[] = [];
let errors: string[] = [];
const TAG = { 'data-proxy-url': '/e', 'data-client-key': 'tag', 'data-consent': 'pending' };

beforeEach(() => {
  forgetInstances();
  for (const name of ['cioanalytics', 'mine']) Reflect.deleteProperty(page, name);
  warnings = [];
  errors = [];
  vi.spyOn(console, 'error').mockImplementation((...text: unknown[]) => void errors.push(text.join(' ')));
  vi.spyOn(console, 'warn').mockImplementation((...text: unknown[]) => void warnings.push(text.join(' ')));
});

afterEach(() => {
  for (const each of opened) each.close();
  opened.clear();
  vi.restoreAllMocks();
});

describe('the attributes', () => {
  test('make the SDK', async () => {
    await run(TAG);
    expect(instance().consent.state).toBe('pending');
    expect(await instance().track('E')).toMatchObject({ state: 'held' });
    expect(warnings).toEqual([]);
  });

  test('can give it another name', async () => {
    await run({ ...TAG, 'data-global': 'mine' });
    expect(instance('mine').consent.state).toBe('pending');
    expect(page['cioanalytics']).toBeUndefined();
  });

  test.each([
    [{ 'data-client-key': 'a:b' }, '"clientKey" must be a text without ":", got a text of 3 characters'],
    [
      { 'data-proxy-url': 'events.example.com' },
      '"proxyUrl" must be an http(s) URL, or a path like "/e", got "events.example.com"',
    ],
    [
      { 'data-consent': 'yes' },
      '"consent" must be granted, pending, denied, or sources of which one can grant, got "yes"',
    ],
    [{ 'data-client-key': '' }, '"clientKey" must be a text without ":", got ""'],
  ])(
    'that are wrong are told, the calls wait on, and further calls are discarded: %j',
    async (wrong, message) => {
      const queue = [['track', 'A']];
      page['cioanalytics'] = queue;
      await run({ ...TAG, ...wrong });
      await vi.waitFor(() =>
        expect(errors).toEqual([`cio-first-party: ${message}. Every call is discarded. ${HELP}`]),
      );
      expect([...queue]).toEqual([['track', 'A']]);
      expect(await instance().track('B')).toMatchObject({ state: 'discarded', reason: 'invalid-options' });
      expect(warnings).toEqual([]);
    },
  );

  test.each(['data-client-key', 'data-proxy-url'])(
    'of which one alone is there are told: %s',
    async (name) => {
      await run({ [name]: '/e' });
      await vi.waitFor(() => expect(errors.join()).toContain('got undefined'));
    },
  );

  test.each(['location', 'document', 'name', 'JSON'])(
    'do not take what is somebody else’s: %s',
    async (name) => {
      const theirs = page[name];
      await run({ ...TAG, 'data-global': name });
      expect(warnings).toEqual([`cio-first-party: ${name} is taken by another script: set data-global`]);
      expect(page[name]).toBe(theirs);
    },
  );
});

describe('createAnalytics', () => {
  test('that is queued is made first, and the attributes are its defaults', async () => {
    const beforeSend = vi.fn(() => null);
    page['cioanalytics'] = [
      ['track', 'A'],
      ['createAnalytics', { beforeSend, consent: 'granted', outbox: { storage: 'memory' } }],
    ];
    await run(TAG);
    expect(instance().consent.state).toBe('granted');
    await vi.waitFor(() => expect(beforeSend).toHaveBeenCalledOnce());
    expect(warnings).toEqual([]);
  });

  test('of a page whose tag has no key takes the calls over and becomes the global', async () => {
    page['cioanalytics'] = [['track', 'A']];
    await run({});
    const made = (page['cioanalytics'] as Global).createAnalytics({
      proxyUrl: '/e',
      clientKey: 'page',
      consent: 'pending',
    });
    expect(instance()).toBe(made);
    expect(made.stats()).toMatchObject({ tracked: 1, pending: 1 });
  });

  test('of another key, later, leaves the global alone', async () => {
    await run(TAG);
    const other = instance().createAnalytics({ clientKey: 'other' });
    opened.add(other);
    expect(page['cioanalytics']).not.toBe(other);
    expect(other.consent.state).toBe('pending');
  });

  test('with something wrong discards, and can be called again: that takes the calls over', async () => {
    page['cioanalytics'] = [
      ['createAnalytics', { proxyUrl: '/e' }],
      ['track', 'A'],
    ];
    await run({});
    await vi.waitFor(() =>
      expect(errors).toEqual([
        `cio-first-party: "clientKey" must be a text without ":", got undefined. Every call is discarded. ${HELP}`,
      ]),
    );
    const broken = instance();
    expect(await broken.track('B')).toMatchObject({ state: 'discarded', reason: 'invalid-options' });
    const made = broken.createAnalytics({ proxyUrl: '/e', clientKey: 'page', consent: 'pending' });
    expect(instance()).toBe(made);
    expect(made.stats()).toMatchObject({ tracked: 1, pending: 1 });
    expect(warnings).toEqual([]);
  });
});

describe('the same tag twice', () => {
  test('is one instance, and replays nothing twice', async () => {
    page['cioanalytics'] = [['track', 'A']];
    await run(TAG);
    const first = instance();
    await run(TAG);
    expect(instance()).toBe(first);
    expect(first.stats().tracked).toBe(1);
    expect(warnings).toEqual([]);
  });

  test('without a key waits for one call of createAnalytics', async () => {
    await run({});
    await run({});
    const made = (page['cioanalytics'] as Global).createAnalytics({
      proxyUrl: '/e',
      clientKey: 'p',
      consent: 'pending',
    });
    await run({});
    expect(instance()).toBe(made);
    expect(warnings).toEqual([]);
  });

  test('with another key, under the same name, is told, and the first stays', async () => {
    await run(TAG);
    const first = instance();
    await run({ ...TAG, 'data-client-key': 'other' });
    expect(instance()).toBe(first);
    expect(warnings).toEqual(['cio-first-party: cioanalytics is taken by another script: set data-global']);
  });
});
