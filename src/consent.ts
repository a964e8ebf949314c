/**
 * Entry `cio-first-party/consent`: one function for each consent platform. A bundle contains only the functions that
 * the application imports.
 */
export { cookiebot } from './sdk/consent/sources/cookiebot.ts';
export { cookieConsent } from './sdk/consent/sources/cookie-consent.ts';
export { custom } from './sdk/consent/sources/custom.ts';
export { didomi } from './sdk/consent/sources/didomi.ts';
export { globalPrivacyControl } from './sdk/consent/sources/global-privacy-control.ts';
export { googleConsentMode } from './sdk/consent/sources/google-consent-mode.ts';
export { gpp } from './sdk/consent/sources/gpp.ts';
export { klaro } from './sdk/consent/sources/klaro.ts';
export { oneTrust } from './sdk/consent/sources/one-trust.ts';
export { osano } from './sdk/consent/sources/osano.ts';
export { tcf } from './sdk/consent/sources/tcf.ts';
export { usercentrics } from './sdk/consent/sources/usercentrics.ts';
export type { SourceOptions } from './sdk/consent/platform-source.ts';
export type { ConsentDecision, ConsentSource } from './sdk/consent/source.ts';
export type { Categories } from './sdk/events.ts';
export type { CookiebotCategory } from './sdk/consent/sources/cookiebot.ts';
export type { CookieConsentOptions } from './sdk/consent/sources/cookie-consent.ts';
export type { CustomDecision } from './sdk/consent/sources/custom.ts';
export type {
  GoogleConsentModeOptions,
  GoogleConsentType,
} from './sdk/consent/sources/google-consent-mode.ts';
export type { GppCategory } from './sdk/consent/sources/gpp.ts';
export type { KlaroOptions } from './sdk/consent/sources/klaro.ts';
export type { OsanoCategory } from './sdk/consent/sources/osano.ts';
export type { TcfCategory } from './sdk/consent/sources/tcf.ts';
export type { UsercentricsOptions } from './sdk/consent/sources/usercentrics.ts';
