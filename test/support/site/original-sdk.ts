/**
 * `test` with a page in which our SDK and the wrapped SDK, as its makers ship it, run side by side and get the same calls. Every
 * field of their events is compared. Intended differences stand in INTENDED.
 */
import type { JSHandle, Page } from 'playwright';
import type { Analytics } from '../../../src/index.ts';
import { expect, type Site, test as base } from './fixtures.ts';
import { page as html } from './site-pages.ts';

type Json = Readonly<Record<string, unknown>>;
type Sdk = Pick<
  Analytics,
  'track' | 'page' | 'screen' | 'identify' | 'group' | 'alias' | 'reset' | 'setAnonymousId'
>;

interface Intended {
  readonly path: RegExp;
  readonly why: string;
  readonly holds: (ours: unknown, theirs: unknown) => boolean;
}

const gone = (ours: unknown): boolean => ours === undefined;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const INTENDED: readonly Intended[] = [
  { path: /^writeKey$/, why: 'the proxy holds it', holds: gone },
  {
    path: /^_metadata(\.|$)/,
    why: 'tells of destinations that run in the browser: there are none',
    holds: gone,
  },
  { path: /^sentAt$/, why: 'stands once, on the batch', holds: gone },
  { path: /^receivedAt$/, why: 'put on by the stand-in', holds: (ours) => ISO.test(String(ours)) },
  {
    path: /^messageId$/,
    why: 'a ULID, as Customer.io recognises repeats by; theirs hashes the whole event',
    holds: (ours) => /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(String(ours)),
  },
  {
    path: /^timestamp$/,
    why: 'two calls, two moments',
    holds: (ours, theirs) =>
      ISO.test(String(ours)) && Math.abs(Date.parse(String(ours)) - Date.parse(String(theirs))) < 10_000,
  },
  {
    path: /^context\.library\.(name|version)$/,
    why: 'it is us',
    holds: (ours) => ours === 'cio-first-party' || /^\d+\.\d+\.\d+/.test(String(ours)),
  },
  {
    path: /^context\.campaign$/,
    why: 'left out where it is empty',
    holds: (ours, theirs) => gone(ours) && isEmpty(theirs),
  },
  { path: /^context\.campaign\.utm_/, why: '`not_utm_term` is no campaign', holds: gone },
  {
    path: /^context\.referrer$/,
    why: '`btid` and `urid`: ids of two ad networks, kept in a cookie of their own',
    holds: gone,
  },
  {
    path: /^userId$/,
    why: 'left out instead of null',
    holds: (ours, theirs) => gone(ours) && theirs === null,
  },
];

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Object.keys(value).length;

export const test = base.extend<{ readonly pair: Pair }>({
  pair: async ({ page, site, original, standIn }, use) => {
    await use(await createPair(page, site, original, standIn.events));
  },
});

export interface Pair {
  go(path: string, head?: string): Promise<void>;
  /** Makes the same calls in both, and awaits each: the wrapped SDK reads who the visitor is only when it sends. */
  call(run: (sdk: Sdk) => Promise<void>): Promise<void>;
  /** Every unintended difference, as `#2 context.page.path: ours … theirs …`. */
  differences(count: number): Promise<readonly string[]>;
}

async function createPair(
  page: Page,
  site: Site,
  folder: string,
  arrived: () => Promise<readonly Json[]>,
): Promise<Pair> {
  const theirs: Json[] = [];
  await site.change({ folder });
  await page.route('**/original/*', (route, request) => {
    theirs.push(request.postDataJSON() as Json);
    return route.fulfill({ status: 200, body: '{}' });
  });
  let handles: readonly JSHandle<Sdk>[] = [];
  const pair: Pair = {
    async go(path, head = '') {
      const content = '<script src="/app/original.js"></script><script type="module" src="/app.js"></script>';
      await site.page(path.replace(/[?#].*/, ''), {
        body: html('Both', content).replace('</head>', `${head}</head>`),
      });
      await page.goto(site.origin + path);
      handles = [
        await page.evaluateHandle(() => window.analytics),
        await page.evaluateHandle(() => (window as unknown as { original: Promise<Sdk> }).original),
      ];
      await pair.call(async (sdk) => void sdk.setAnonymousId('anonymous-1'));
    },
    async call(run) {
      for (const handle of handles) await page.evaluate(run, handle);
    },
    async differences(count) {
      await expect.poll(async () => [(await arrived()).length, theirs.length]).toEqual([count, count]);
      const [one, other] = [inOrder(await arrived()), inOrder(theirs)];
      return one.flatMap((event, i) =>
        compare(event, other[i] ?? {}).map((found) => `#${i} ${String(event['type'])} ${found}`),
      );
    },
  };
  return pair;
}

/** Sorts events by their call: the wrapped SDK sends them in any order. Ids that each SDK makes for itself become numbers. */
function inOrder(events: readonly Json[]): readonly Json[] {
  const made = new Map<unknown, string>();
  const sorted = [...events].sort((one, other) => number(one) - number(other));
  return sorted.map((event) => {
    const { anonymousId: id } = event;
    if (typeof id === 'string' && /^[0-9a-f-]{36}$/.test(id) && !made.has(id))
      made.set(id, `made-${made.size + 1}`);
    return Object.assign({}, event, { anonymousId: made.get(id) ?? id });
  });
}

/** Reads the number of the call that has made an event, in `context.n`. */
const number = (event: Json): number => Number((event['context'] as Json)['n'] ?? 0);

function compare(ours: unknown, theirs: unknown, path = ''): readonly string[] {
  if (JSON.stringify(ours) === JSON.stringify(theirs)) return [];
  const intended = INTENDED.find((each) => each.path.test(path));
  if (intended?.holds(ours, theirs)) return [];
  if (isRecord(ours) && isRecord(theirs)) {
    const keys = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
    return [...keys].flatMap((key) => compare(ours[key], theirs[key], path ? `${path}.${key}` : key));
  }
  return [`${path}: ours ${JSON.stringify(ours)}, theirs ${JSON.stringify(theirs)}`];
}

const isRecord = (value: unknown): value is Json => typeof value === 'object' && value !== null;
