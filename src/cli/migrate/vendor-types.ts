/** Types of the vendor's package, and the types of this package that replace them. */
export const TYPES: ReadonlyMap<string, string> = new Map([
  ['Analytics', 'Analytics'],
  ['AnalyticsSnippet', 'Analytics'],
  ['AnalyticsBrowser', 'Analytics'],
  ['Plugin', 'Plugin'],
  ['Context', 'EventContext'],
  ['User', 'User'],
  ['Group', 'User'],
  ['UserTraits', 'Traits'],
  ['GroupTraits', 'Traits'],
  ['Traits', 'Traits'],
  ['EventProperties', 'Properties'],
  ['Options', 'CallOptions'],
  ['CookieOptions', 'CookieOptions'],
  ['UserOptions', 'IdentityOptions'],
]);

/** Advice about other names of the vendor's package. */
export const NAME_ADVICE: Readonly<Record<string, string>> = {
  AnalyticsBrowserSettings: 'Use `AnalyticsOptions`, whose fields have other names.',
  AnalyticsSettings: 'Use `AnalyticsOptions`, whose fields have other names.',
  ID: 'Use `string | null | undefined`.',
  InitOptions: 'Use `AnalyticsOptions`, whose fields have other names.',
  InAppPlugin:
    'Remove the plugin, and set the option `inApp` of `createAnalytics`: https://github.com/cio-first-party/cio-first-party/blob/main/docs/migrate/from-in-app-plugin.md',
  InboxAPI: 'Use `InboxView`.',
  getGlobalAnalytics: 'Keep the instance in a module of your own, and import it.',
};
