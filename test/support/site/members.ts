/** `test` with a site whose proxy knows customer tokens, and people whom Customer.io knows. */
import type { BrowserContext, Page } from 'playwright';
import type { AnalyticsOptions, TokenRequest } from '../../../src/index.ts';
import type { TokenLimits } from '../../../src/sdk/auth/customer-token-options.ts';
import { test as base, type Site } from './fixtures.ts';
import type { Told } from '../page/in-page.ts';
import { PEOPLE } from './people.ts';

/** What a private call came to. */
export interface Outcome {
  readonly value?: unknown;
  readonly code?: string;
}

declare global {
  interface Window {
    tokenLimits: Partial<TokenLimits> | null;
    /** How long every token is good, as the provider says it, in seconds. */
    expiresIn?: number;
    /** The ids of the messages that `onChange` has told, each time. */
    inboxes: string[][];
    outcome(this: void, promise: Promise<unknown>): Promise<Outcome>;
    /** Calls of the provider that have no answer yet. */
    asking: number;
    /** Asks the site for a token. */
    login(request: Omit<TokenRequest, 'signal'>): Promise<string | null>;
    /** Notes in `inboxes` what `onChange` tells. */
    listen(): () => void;
  }
}

export interface MemberOptions {
  readonly sdk?: Partial<AnalyticsOptions>;
  /** `null`: the page has no token provider. */
  readonly limits?: Partial<TokenLimits> | null;
  readonly path?: string;
  readonly on?: Page;
}

interface MemberFixtures {
  /** Opens the members' page. */
  readonly members: (options?: MemberOptions) => Promise<Page>;
}

export const test = base.extend<MemberFixtures>({
  site: async ({ site, standIn }, use) => {
    await standIn.setPeople(PEOPLE);
    await site.change({ customers: true });
    await use(site);
  },
  members: async ({ page, site }, use) => {
    await use(async ({ sdk = {}, limits = {}, path = '/members', on = page } = {}) => {
      await prepare(on, sdk, limits);
      await on.goto(site.origin + path);
      return on;
    });
  },
});

export { expect } from 'playwright/test';
export { PEOPLE } from './people.ts';

/** Every page of it that is opened from now on has these options. */
export const prepare = (
  on: Page | BrowserContext,
  sdk: Partial<AnalyticsOptions> = {},
  limits: Partial<TokenLimits> | null = {},
): Promise<unknown> =>
  on.addInitScript(
    ([options, given]) => {
      window.sdkOptions = options;
      window.tokenLimits = given;
    },
    [sdk as object, limits] as const,
  );

export const signIn = (page: Page, userId: string): Promise<unknown> =>
  page.evaluate((id) => window.analytics.identify(id), userId);

/** The ids of the messages there, or the code of the error. */
export const inboxOf = (page: Page): Promise<readonly string[] | string> =>
  page.evaluate(async () => {
    const { value, code } = await window.outcome(window.analytics.inbox.messages());
    return code ?? (value as { id: string }[]).map(({ id }) => id);
  });

export const attributesOf = (page: Page): Promise<Outcome> =>
  page.evaluate(() => window.outcome(window.analytics.customer.attributes()));

/** What `onChange` has told, each time. */
export const inboxesOf = (page: Page): Promise<readonly (readonly string[])[]> =>
  page.evaluate(() => window.inboxes);

/** Types of what the page was told of its token. */
export const tokenEvents = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() =>
    window.told.filter(({ name }) => name === 'token').map((each) => (each as Told & { type: string }).type),
  );

/** Why the page's provider was asked, in order. */
export const reasons = async (site: Site): Promise<readonly string[]> =>
  (await site.logins()).map(({ reason }) => reason);

/** What became of the private calls, preflights left out: `/v1/inbox/fetch 200`. */
export const fates = async (site: Site): Promise<readonly string[]> =>
  (await site.privateCalls())
    .filter(({ method }) => method !== 'OPTIONS')
    .map(({ path, fate }) => `${path} ${fate}`);

/** What the proxy says of a token that it does not take. */
export const REFUSED = {
  status: 401,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ error: 'invalid_token', message: 'No', serverTime: 0, reason: 'signature' }),
};
