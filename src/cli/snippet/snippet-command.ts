import type { Command } from '../command.ts';
import { printSnippet } from './print-snippet.ts';
import { CONSENT_STATES, DEFAULT_GLOBAL, PAGE_VIEW_MODES, readSettings } from './snippet-settings.ts';

const HELP = `Usage: cio-first-party snippet --proxy-url URL --client-key KEY [options]

Prints two script tags for the head of every page, after <title>: a stub that queues calls, and the tag of cio.js.

  --proxy-url URL    the URL of your proxy: a path such as /e, or an absolute URL
  --client-key KEY   the client key of your pages; or the environment variable CIO_CLIENT_KEY
  --gtm              prints a Custom HTML tag for Google Tag Manager: ES5 without attributes. The consent is that of Google
                     Consent Mode in dataLayer, unless --consent is given
  --inline           prints one script that contains cio.js, for pages whose scripts are combined, moved or delayed
  --src URL          the URL of cio.js (default: cio.js below the URL of the proxy)
  --consent STATE    ${CONSENT_STATES.join(', ')} (default: ${CONSENT_STATES[0]}; with --gtm: Google Consent Mode)
  --page-views MODE  ${PAGE_VIEW_MODES.join(', ')} (default: ${PAGE_VIEW_MODES[0]})
  --global NAME      the name of the global variable (default: ${DEFAULT_GLOBAL})
  --nonce NONCE      the nonce of the tags. A nonce differs in each response: pass the placeholder of your template, or the
                     variable of your tag manager
  --no-integrity     omits the hash of cio.js. The hash is valid for this version of the package only

Exit code: 0, or 2 if the command was called in a wrong way.`;

/** The command `snippet`: prints the script tag and its stub. */
export const snippetCommand: Command = {
  summary: 'print the script tag, and the stub that queues calls until the script has loaded',
  help: HELP,

  // Returns a promise, as `Command` demands, but has nothing to wait for.
  run(args) {
    console.log(printSnippet(readSettings(args, process.env)));
    return Promise.resolve(0);
  },
};
