/** What the tests of whole instances share: checks, plugins, and the hooks of `watchPage`. */
import { afterEach, beforeEach, expect, vi } from 'vitest';
import type { Analytics } from '../../../src/sdk/api.ts';
import type { Plugin, PluginContext } from '../../../src/sdk/plugins/plugin.ts';
import { SdkError } from '../../../src/protocol/errors.ts';
import { settled } from '../../fakes/clock.ts';
import type { ProxyServer, ServerAnswer } from '../../fakes/proxy-server.ts';
import { expectedTotal } from '../../fakes/site.ts';

export function expectBalance(analytics: Analytics): void {
  const { tracked, delivered, pending, dropped } = analytics.stats();
  expect(Math.min(tracked, delivered, pending, ...Object.values(dropped))).toBeGreaterThanOrEqual(0);
  expect(delivered + pending + expectedTotal(dropped)).toBe(tracked);
}

/** A plugin that holds events until `letGo` is called. */
export function slowPlugin(): { readonly plugin: Plugin; letGo(): void } {
  const waiting: (() => void)[] = [];
  const hook = (context: PluginContext): Promise<PluginContext> =>
    new Promise((resolve) => void waiting.push(() => resolve(context)));
  return {
    plugin: {
      name: 'slow',
      type: 'enrichment',
      version: '1',
      isLoaded: () => true,
      load: () => Promise.resolve(),
      track: hook,
    },
    letGo() {
      for (const go of waiting.splice(0)) go();
    },
  };
}

export function marking(name: string): Plugin {
  const hook = (context: PluginContext): PluginContext => {
    context.updateEvent(`properties.${name}`, true);
    return context;
  };
  return {
    name,
    type: 'enrichment',
    version: '1',
    isLoaded: () => true,
    load: () => Promise.resolve(),
    track: hook,
  };
}

/** Returns the `Authorization` headers of the private calls, in the order of arrival. */
export const bearersOf = ({ received }: ProxyServer): readonly (string | undefined)[] =>
  received.filter(({ path }) => path !== '/e/v1/batch').map(({ headers }) => headers.authorization);

export const inboxOf = (...ids: readonly string[]): ServerAnswer => ({
  body: JSON.stringify({ messages: ids.map((id) => ({ id, opened: false, sentAt: '', properties: {} })) }),
});

export const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => ({ value }),
    (cause: unknown) => (cause instanceof SdkError ? cause.code : cause),
  );

/** Returns every record of every database, as text. */
export async function recordsOf(names: readonly string[]): Promise<string> {
  const records: unknown[] = [];
  for (const name of names) {
    const database = await answered(indexedDB.open(name));
    for (const store of database.objectStoreNames) {
      const { keys, values } = (() => {
        const objects = database.transaction(store).objectStore(store);
        return { keys: answered(objects.getAllKeys()), values: answered(objects.getAll()) };
      })();
      records.push(await keys, await values);
    }
    database.close();
  }
  return JSON.stringify(records);
}

const answered = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Error('IndexedDB', { cause: request.error }));
  });

/** The customer token provider of tests that do not test tokens: `token-of-ann` for `ann`. */
export const provider = ({ userId }: { readonly userId: string }): string => `token-of-${userId}`;

/**
 * Adds hooks around each test of a file, which check that no promise was rejected unhandled, and restore
 * clocks and mocks.
 */
export function watchPage(): void {
  const unhandled: unknown[] = [];
  const note = (cause: unknown): void => void unhandled.push(cause);

  beforeEach(() => {
    unhandled.length = 0;
    process.on('unhandledRejection', note);
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  });

  afterEach(async () => {
    await settled();
    process.off('unhandledRejection', note);
    vi.restoreAllMocks();
    vi.useRealTimers();
    expect(unhandled).toEqual([]);
  });
}
