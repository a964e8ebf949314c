import { asksForPrivacy, noStop } from '../platform-page.ts';
import { type ConsentSource, createSource } from '../source.ts';

/**
 * Global Privacy Control: denies where the browser sends that signal, and says nothing otherwise. Give it beside a source
 * that can grant. https://w3c.github.io/gpc/
 */
export function globalPrivacyControl(): ConsentSource {
  return createSource({
    name: 'globalPrivacyControl',
    onlyDenies: true,
    decide: () => (asksForPrivacy() ? { state: 'denied' } : undefined),
    // A page learns of it when it loads, and of no change.
    watch: () => noStop,
  });
}
