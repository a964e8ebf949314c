/** The scripts of consent platforms as npm publishes them, for pages of the tests. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { page, type SitePage } from '../site/site-pages.ts';

const MODULES = new URL('../../../node_modules/', import.meta.url);

const script = (file: string): SitePage => ({
  body: readFileSync(new URL(file, MODULES), 'utf8'),
  headers: { 'Content-Type': 'text/javascript; charset=utf-8' },
});

/** Bundles `code` as a platform would, as a script of a page. */
function bundled(code: string): SitePage {
  const { outputFiles } = buildSync({
    stdin: { contents: code, resolveDir: fileURLToPath(MODULES) },
    bundle: true,
    write: false,
    format: 'iife',
  });
  return {
    body: outputFiles[0]?.text ?? '',
    headers: { 'Content-Type': 'text/javascript; charset=utf-8' },
  };
}

export const klaroScript = (): SitePage => script('klaro/dist/klaro.js');

export const cookieConsentScript = (): SitePage => script('vanilla-cookieconsent/dist/cookieconsent.umd.js');

/** The stub of the IAB, as it is placed in the head of a page. */
export const tcfStub = (): SitePage => script('@iabtcf/stub/lib/stub.js');

/** A platform on the IAB's own CMP API, with `window.cmp.show()`, `.save(purposes)` and `.doesNotApply()`. */
export const tcfPlatform = (): SitePage =>
  bundled(`
    import { CmpApi } from '@iabtcf/cmpapi';
    import { GVL, TCModel, TCString } from '@iabtcf/core';
    const api = new CmpApi(10, 1, true);
    const encode = (purposes, vendors) => {
      const model = new TCModel(new GVL({
        gvlSpecificationVersion: 3, vendorListVersion: 1, tcfPolicyVersion: 4, lastUpdated: '2026-01-01T00:00:00Z',
        purposes: { 1: { id: 1, name: 'P', description: '', illustrations: [] } }, specialPurposes: {}, features: {}, specialFeatures: {}, stacks: {}, dataCategories: {},
        vendors: { 755: { id: 755, name: 'V', purposes: [1], legIntPurposes: [], flexiblePurposes: [], specialPurposes: [], features: [], specialFeatures: [], policyUrl: '' } },
      }));
      model.cmpId = 10;
      model.cmpVersion = 1;
      model.isServiceSpecific = true;
      model.purposeConsents.set(purposes);
      model.vendorConsents.set(vendors);
      return TCString.encode(model);
    };
    window.cmp = {
      show: () => api.update('', true),
      save: (purposes, vendors = []) => api.update(encode(purposes, vendors), false),
      doesNotApply: () => api.update(null, false),
    };
  `);

/** A platform on the IAB's own GPP API, as `window.cmp`. */
export const gppPlatform = (): SitePage =>
  bundled(`
    import { CmpApi } from '@iabgpp/cmpapi';
    window.cmp = new CmpApi(10, 1);
  `);

/**
 * The stub that the specification of GPP requires, in our own words, since npm has none: it answers pings,
 * keeps listeners and queues the other commands until the platform takes over.
 */
export const GPP_STUB = `
  (() => {
    const queue = [];
    const events = [];
    let last = 0;
    const ping = () => ({
      gppVersion: '1.1', cmpStatus: 'stub', cmpDisplayStatus: 'hidden', signalStatus: 'not ready', supportedAPIs: [], cmpId: 0,
      sectionList: [], applicableSections: [], gppString: '', parsedSections: {},
    });
    window.__gpp = (command, callback, parameter, version) => {
      if (command === undefined || command === 'queue') return queue;
      if (command === 'events') return events;
      if (command === 'ping') callback(ping(), true);
      else if (command === 'addEventListener') {
        events.push({ id: ++last, callback, parameter });
        callback({ eventName: 'listenerRegistered', listenerId: last, data: true, pingData: ping() }, true);
      } else if (command === 'removeEventListener') {
        const at = events.findIndex(({ id }) => id === parameter);
        if (at >= 0) events.splice(at, 1);
        callback({ eventName: 'listenerRemoved', listenerId: parameter, data: at >= 0, pingData: ping() }, true);
      } else queue.push([command, callback, parameter, version]);
    };
  })();`;

/** A page with these scripts, which collects the decisions of the source in `window.decisions`. */
export const consentPage = (source: string, head: string): SitePage => ({
  body: page(
    'Consent',
    `<h1>Consent</h1>${head}
     <script type="module">
       import * as consent from '/dist/consent.js';
       window.decisions = [];
       window.source = (${source})(consent);
       window.stopSource = window.source.subscribe((decision) => window.decisions.push(decision));
     </script>`,
  ),
});
