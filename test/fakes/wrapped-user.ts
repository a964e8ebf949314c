/**
 * The `User` of the wrapped SDK, with which tests compare the SDK's own user. The published build does not
 * contain it; other tests check that.
 */
export interface WrappedUser {
  id(id?: string | null): string | null | undefined;
  anonymousId(id?: string | null): string | null | undefined;
  traits(traits?: Record<string, unknown> | null): Record<string, unknown> | undefined;
  identify(id?: string | null, traits?: Record<string, unknown>): void;
  logout(): void;
  reset(): void;
}

export async function wrappedUser(): Promise<new (options?: object) => WrappedUser> {
  const { User } = (await import('@customerio/cdp-analytics-browser/src/core/user/index.ts')) as unknown as {
    User: new (options?: object) => WrappedUser;
  };
  return User;
}
