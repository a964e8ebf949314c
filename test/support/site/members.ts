/** `test` with a site whose proxy accepts customer tokens, and people that Customer.io knows. */
import type { BrowserContext, Page } from 'playwright';
import type { AnalyticsOptions, TokenRequest } from '../../../src/index.ts';
import type { TokenLimits } from '../../../src/sdk/auth/customer-token-options.ts';
import { test as base, type Site } from './fixtures.ts';
import type { Told } from '../page/in-page.ts';
import { PEOPLE } from './people.ts';

/** The result of a private call. */
export interface Outcome {
  readonly value?: unknown;
  readonly code?: string;
}

declare global {
  interface Window {
    tokenLimits: Partial<TokenLimits> | null;
    /** The lifetime of every token in seconds, as the provider reports it. */
    expiresIn?: number;
    /** The ids of the messages that each call of the `onChange` listener received. */
    inboxes: string[][];
    outcome(this: void, promise: Promise<unknown>): Promise<Outcome>;
    /** The number of calls of the token provider that have not settled yet. */
    asking: number;
    /** Requests a token from the site. */
    login(request: Omit<TokenRequest, 'signal'>): Promise<string | null>;
    /** Records in `inboxes` what the `onChange` listener receives. */
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

/** Gives these options to every page of this tab or browser that is opened from now on. */
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

/** The ids of the messages in the inbox, or the code of the error. */
export const inboxOf = (page: Page): Promise<readonly string[] | string> =>
  page.evaluate(async () => {
    const { value, code } = await window.outcome(window.analytics.inbox.messages());
    return code ?? (value as { id: string }[]).map(({ id }) => id);
  });

export const attributesOf = (page: Page): Promise<Outcome> =>
  page.evaluate(() => window.outcome(window.analytics.customer.attributes()));

/** The ids of the messages that each call of the `onChange` listener received. */
export const inboxesOf = (page: Page): Promise<readonly (readonly string[])[]> =>
  page.evaluate(() => window.inboxes);

/** The types of the token events that the SDK has emitted on this page. */
export const tokenEvents = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() =>
    window.told.filter(({ name }) => name === 'token').map((each) => (each as Told & { type: string }).type),
  );

/** The reasons for which the page's token provider was called, in order. */
export const reasons = async (site: Site): Promise<readonly string[]> =>
  (await site.logins()).map(({ reason }) => reason);

/** The private calls with the status of each, without preflights: `/v1/inbox/fetch 200`. */
export const fates = async (site: Site): Promise<readonly string[]> =>
  (await site.privateCalls())
    .filter(({ method }) => method !== 'OPTIONS')
    .map(({ path, fate }) => `${path} ${fate}`);

/** The error bodies of the proxy for customer tokens that it refuses. */
export const REFUSED = {
  status: 401,
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify({ error: 'invalid_token', message: 'No', serverTime: 0, reason: 'signature' }),
};
