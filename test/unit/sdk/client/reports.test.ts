/** Warnings for errors to which the application does not listen. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createReports, type Reports } from '../../../../src/sdk/client/reports.ts';

afterEach(() => void vi.restoreAllMocks());

const watchWarnings = () => vi.spyOn(console, 'warn').mockImplementation(() => undefined);

describe.each(['before the grant', 'after the grant'])('%s', (when) => {
  function reports(): Reports {
    const made = createReports(false, '/e', () => undefined);
    if (when === 'after the grant') made.allowFiles();
    return made;
  }

  test.each([undefined, null, ''])(
    'a warning without a cause (%j) is one text, without "undefined"',
    async (cause) => {
      const warn = watchWarnings();
      reports().fail('not-a-proxy', 'The URL returns a page', cause);
      await vi.waitFor(() => expect(warn).toHaveBeenCalledTimes(1));
      const texts = warn.mock.calls[0] ?? [];
      expect(texts).toHaveLength(1);
      expect(String(texts[0])).toMatch(/^cio-first-party: .*The URL returns a page/s);
      expect(String(texts[0])).not.toMatch(/undefined|null/);
    },
  );

  test('a warning with a cause ends with the cause', async () => {
    const warn = watchWarnings();
    const cause = new Error('of the page');
    reports().fail('plugin-failed', 'A plugin', cause);
    await vi.waitFor(() => expect(warn).toHaveBeenCalledTimes(1));
    expect(warn.mock.calls[0]?.at(-1)).toBe(cause);
  });

  test('the same error a second time is no second warning', async () => {
    const warn = watchWarnings();
    const { fail } = reports();
    for (let time = 1; time <= 2; time++) fail('not-a-proxy', 'The URL returns a page');
    fail('storage-unavailable', 'IndexedDB is refused');
    await vi.waitFor(() => expect(String(warn.mock.calls)).toContain('IndexedDB is refused'));
    expect(warn).toHaveBeenCalledTimes(2);
  });

  test('the event `blocked` warns with one text', async () => {
    const warn = watchWarnings();
    reports().emit('blocked', { failures: 3 });
    await vi.waitFor(() => expect(warn).toHaveBeenCalledTimes(1));
    expect(warn.mock.calls[0]).toHaveLength(1);
    expect(String(warn.mock.calls[0]?.[0])).not.toContain('undefined');
  });
});
