import { createHash } from 'node:crypto';
import type { TagSettings } from '../../sdk/script/tag-manager.ts';
import { packageFile } from './package-file.ts';
import { attributes, escapeScript, literal } from './printed-code.ts';
import { DEFAULT_GLOBAL, type SnippetSettings, type SnippetTarget } from './snippet-settings.ts';

/** Returns the HTML for a page, a tag manager, or a page whose scripts are combined. */
export const printSnippet = (settings: SnippetSettings): string => PRINTERS[settings.target](settings);

const PRINTERS: Readonly<Record<SnippetTarget, (settings: SnippetSettings) => string>> = {
  page(settings) {
    const { proxyUrl, clientKey, src, consent, pageViews, global, nonce, integrity } = settings;
    const hash = (): string => createHash('sha384').update(packageFile('cio.js')).digest('base64');
    const tag = attributes({
      async: true,
      src,
      'data-proxy-url': proxyUrl,
      'data-client-key': clientKey,
      'data-consent': consent,
      'data-page-views': pageViews,
      'data-global': global === DEFAULT_GLOBAL ? undefined : global,
      ...(integrity && {
        integrity: `sha384-${hash()}`,
        // Browsers check the hash only of a script that is fetched with CORS, also on pages without an origin.
        crossorigin: true,
      }),
      nonce,
    });
    return `${script(named(code('cio-stub.js'), settings), nonce)}\n<script${tag}></script>`;
  },

  gtm(settings) {
    const { proxyUrl, src, consent, global, nonce } = settings;
    const written: TagSettings = {
      name: global,
      src,
      options: options(settings),
      // The hash of a file is that of one version, and a tag manager keeps its tags when the proxy is updated: so there is none.
      ...(consent === undefined && { choices: `${proxyUrl.replace(/\/$/, '')}/cio-choices.js` }),
    };
    return script(
      code('cio-stub-es5.js').replace('CIO_SETTINGS', () => literal(written)),
      nonce,
    );
  },

  inline(settings) {
    const { global, nonce } = settings;
    const create = `${global}.createAnalytics(${literal(options(settings))});`;
    // Without an element of its own, the script takes its later files from `proxyUrl`, and no attributes of another script.
    const sdk = named(code('cio.js'), settings).replace('document.currentScript', 'null');
    return script(`\n${named(code('cio-stub.js'), settings)}\n${create}\n${escapeScript(sdk)}\n`, nonce);
  },
};

const options = ({ proxyUrl, clientKey, consent, pageViews }: SnippetSettings): object => ({
  proxyUrl,
  clientKey,
  consent,
  pageViews,
});

const code = (file: string): string => packageFile(file).toString().trim();

/** Puts the name of the global in the place of the default. */
const named = (text: string, { global }: SnippetSettings): string =>
  text.replace(JSON.stringify(DEFAULT_GLOBAL), () => JSON.stringify(global));

const script = (text: string, nonce?: string): string => `<script${attributes({ nonce })}>${text}</script>`;
