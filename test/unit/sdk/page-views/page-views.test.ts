import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { PageFacts } from '../../../../src/sdk/browser.ts';
import type { ConsentState } from '../../../../src/sdk/events.ts';
import type { PageView } from '../../../../src/sdk/page-views/page-view.ts';
import { createPageViews } from '../../../../src/sdk/page-views/page-views.ts';
import { settled } from '../../../fakes/clock.ts';
import { pageFacts } from '../../../fakes/page.ts';

type Options = Parameters<typeof createPageViews>[0];

interface Visit {
  /** The page views in order, each as `title path referrer`. */
  readonly made: string[];
  readonly views: ReturnType<typeof createPageViews>;
  readonly failures: unknown[];
  consent: ConsentState;
  /** Changes the URL, and then the title. */
  go(path: string, title?: string): void;
  close(): void;
}

// The file is loaded before the tests, so that later imports of it resolve at once.
beforeAll(() => import('../../../../src/sdk/page-views/follow-titles.ts'));
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function visit(options: Partial<Options> = {}): Visit {
  const navigation = new EventTarget();
  vi.stubGlobal('navigation', navigation);
  let facts: PageFacts = { ...pageFacts('/'), title: 'Home' };
  let at = 0;
  const made: string[] = [];
  const failures: unknown[] = [];
  const closing = new AbortController();
  const views = createPageViews(
    { mode: 'history', hash: false, search: true, replace: true, ...options },
    () => self.consent,
    (): PageView => ({ at: at++, page: facts }),
    ({ page }) => void made.push([page.title, page.href.slice(24), page.referrer.slice(24)].join(' ').trim()),
    (cause) => void failures.push(cause),
    closing.signal,
  );
  const self: Visit = {
    made,
    views,
    failures,
    consent: 'pending',
    go(path, title = path) {
      facts = { ...facts, href: `https://shop.example.com${path}` };
      navigation.dispatchEvent(new Event('currententrychange'));
      facts = { ...facts, title };
    },
    close() {
      closing.abort();
    },
  };
  views.see();
  return self;
}

describe('a new address', () => {
  test.each([
    ['/boots', true],
    ['/?size=40', true],
    ['/', false],
    ['/#top', false],
  ])('%s: %s', (path, isNew) => {
    const { go, views, made } = visit();
    go(path);
    views.settle();
    expect(made).toHaveLength(isNew ? 2 : 1);
  });

  test.each([
    ['/#top', true],
    ['/', false],
  ])('with `hash`, %s: %s', (path, isNew) => {
    const { go, views, made } = visit({ hash: true });
    go(path);
    views.settle();
    expect(made).toHaveLength(isNew ? 2 : 1);
  });

  test('is told with the title that it had when it was left, and the address before it', () => {
    const { go, views, made } = visit();
    go('/boots', 'Boots');
    go('/tents#big', 'Tents');
    go('/boots', 'Boots');
    views.settle();
    expect(made).toEqual(['Home /', 'Boots /boots /', 'Tents /tents#big /boots', 'Boots /boots /tents']);
  });

  test('is told once, however often it is settled', () => {
    const { go, views, made } = visit();
    go('/boots', 'Boots');
    views.settle();
    views.settle();
    views.see();
    expect(made).toEqual(['Home /', 'Boots /boots /']);
  });
});

test('by `load` the first page is told at once, and no other', () => {
  const { go, views, made } = visit({ mode: 'load' });
  expect(made).toEqual(['Home /']);
  go('/boots', 'Boots');
  views.settle();
  expect(made).toEqual(['Home /']);
});

test('while denied nothing is noted; what is seen when they agree is', () => {
  const page = visit();
  page.views.settle();
  page.consent = 'denied';
  page.go('/boots', 'Boots');
  page.views.settle();
  expect(page.made).toEqual(['Home /']);
  page.consent = 'granted';
  page.views.follow();
  page.views.settle();
  expect(page.made).toEqual(['Home /', 'Boots /boots /']);
});

test('a view waits for its title when the visitor has agreed, and closing makes it', async () => {
  const page = visit();
  page.consent = 'granted';
  page.views.follow();
  await settled();
  page.go('/boots', 'Boots');
  expect(page.made).toEqual(['Home /']);
  page.close();
  expect(page.made).toEqual(['Home /', 'Boots /boots /']);
  page.go('/tents', 'Tents');
  page.views.see();
  page.views.settle();
  expect(page.made).toHaveLength(2);
  expect(page.failures).toEqual([]);
});

test('closed before the file has come, it leaves nothing on the page', async () => {
  const listened = vi.spyOn(window, 'addEventListener');
  const page = visit();
  page.consent = 'granted';
  page.views.follow();
  page.close();
  const before = listened.mock.calls.length;
  await settled();
  expect(listened.mock.calls.length).toBe(before);
});

test('agreeing again after a withdrawal does not listen twice', async () => {
  const page = visit();
  page.consent = 'granted';
  page.views.follow();
  await settled();
  const listened = vi.spyOn(window, 'addEventListener');
  page.views.follow();
  await settled();
  expect(listened).not.toHaveBeenCalled();
});
