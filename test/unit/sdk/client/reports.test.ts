/** Warnings for errors to which the application does not listen. */
import { afterEach, expect, test, vi } from 'vitest';
import { createReports } from '../../../../src/sdk/client/reports.ts';

afterEach(() => void vi.restoreAllMocks());

const watchWarnings = () => vi.spyOn(console, 'warn').mockImplementation(() => undefined);

test.each([undefined, null, ''])(
  'a warning without a cause (%j) is one text, without "undefined"',
  (cause) => {
    const warn = watchWarnings();
    createReports(false, () => undefined).fail('not-a-proxy', 'The URL returns a page', cause);
    expect(warn.mock.calls).toHaveLength(1);
    const texts = warn.mock.calls[0] ?? [];
    expect(texts).toHaveLength(1);
    expect(String(texts[0])).toMatch(/^cio-first-party: .*The URL returns a page/);
    expect(String(texts[0])).not.toMatch(/undefined|null/);
  },
);

test('a warning with a cause ends with the cause', () => {
  const warn = watchWarnings();
  const cause = new Error('of the page');
  createReports(false, () => undefined).fail('plugin-failed', 'A plugin', cause);
  expect(warn.mock.calls).toHaveLength(1);
  expect(warn.mock.calls[0]?.at(-1)).toBe(cause);
});

test('the same error a second time is no second warning', () => {
  const warn = watchWarnings();
  const reports = createReports(false, () => undefined);
  for (let time = 1; time <= 2; time++) reports.fail('not-a-proxy', 'The URL returns a page');
  reports.fail('storage-unavailable', 'IndexedDB is refused');
  expect(warn).toHaveBeenCalledTimes(2);
});

test('the event `blocked` warns with one text', () => {
  const warn = watchWarnings();
  createReports(false, () => undefined).emit('blocked', { failures: 3 });
  expect(warn.mock.calls).toHaveLength(1);
  expect(warn.mock.calls[0]).toHaveLength(1);
});
