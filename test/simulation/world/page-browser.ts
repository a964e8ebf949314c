import { gzipSync } from 'node:zlib';
import type { PageFacts } from '../../../src/sdk/browser.ts';
import type { FakeClock } from '../../fakes/clock.ts';
import type { FakeCookieJar } from '../../fakes/cookie-jar.ts';
import type { FakeLifecycle } from '../../fakes/lifecycle.ts';
import type { FakeLocks } from '../../fakes/locks.ts';
import type { Random } from '../../fakes/random.ts';
import type { Browser } from './browser.ts';
import type { Air } from './channel.ts';
import type { Disk } from './disk.ts';
import type { Network } from './network.ts';
import type { Page } from './page.ts';
import type { SharedText } from './shared-text.ts';

/** What all pages of one origin share. */
export interface Origin {
  readonly url: string;
  readonly clock: FakeClock;
  readonly random: Random;
  readonly disk: Disk;
  readonly network: Network;
  readonly text: SharedText;
  readonly cookies: FakeCookieJar;
  /** undefined: this browser has no Web Locks. */
  readonly locks: FakeLocks | undefined;
  readonly air: Air | undefined;
}

export interface Furniture {
  readonly lifecycle: FakeLifecycle;
  facts(): PageFacts;
  warn(...text: unknown[]): void;
}

/** Makes the functions of `src/sdk/browser.ts` for one page. */
export function pageBrowser(page: Page, origin: Origin, { lifecycle, facts, warn }: Furniture): Browser {
  const { clock, random, disk, network, text, cookies, locks, air } = origin;
  const registries = new Map<string, Map<string, unknown>>();
  const lockClient = { name: page.name, task: (run: () => void) => void page.task(random.below(3), run) };
  const lockManager = locks?.client(lockClient);
  page.onDeath(() => locks?.end(lockClient));
  let ids = 0;
  // Ids have a fixed length, so that no id is the beginning of another one.
  const id = (): string => `${page.name}x${String((ids += 1)).padStart(4, '0')}`;

  return {
    inBrowser: () => true,
    clock: { now: clock.now, after: page.timer },
    callAfter: page.timer,
    monotonicMs: clock.now,
    lifecycle,
    local: text.of(page),
    cookieJar: cookies,
    onStorageChange: (run, ending) => {
      const stop = text.onChange(page, run);
      ending.addEventListener('abort', stop);
    },
    needsDeparture: () => true,
    onDeparture: lifecycle.onDeparture,
    pageFacts: facts,
    pageDocument: () => {
      throw new Error('a simulated page has no document');
    },
    pageUrl: () => origin.url,
    randomNumbers: (count) => Array.from({ length: count }, () => random.below(2 ** 30)),
    uuid: id,
    random: random.next,
    request: (input, init) => network.request(page, input as string, init ?? {}),
    gzip: (whole) =>
      page.promise((settle) => settle.resolve(new Uint8Array(gzipSync(whole)), random.below(5))),
    openChannel: (name, onMessage) => air?.open(page, name, onMessage),
    lockManager: () => lockManager,
    subtleCrypto: () => undefined,
    deleteDatabase: (name) => void disk.of(page).deleteDatabase(name),
    pageRegistry<T>(name: string) {
      const registry = registries.get(name) ?? new Map<string, unknown>();
      registries.set(name, registry);
      return registry as Map<string, T>; // the cast: the caller knows the type behind the name
    },
    onPageEvent: () => () => undefined,
    onElementEvent: () => undefined,
    inPrerender: () => false,
    inFrame: () => false,
    onAddressChange: () => undefined,
    asksForPrivacy: () => false,
    pageGlobal: () => ({}),
    warnInConsole: warn,
    printer: () => console,
  };
}
