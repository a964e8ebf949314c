import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Command, parseArguments, UsageError } from './command.ts';

const GLOBAL = 'cioanalytics';
const CONSENT = ['granted', 'pending', 'denied'];

const HELP = `Usage: cio-first-party snippet --proxy-url URL --client-key KEY [options]

Prints two script tags for the head of every page, after <title>: a stub that queues calls, and the tag of cio.js.

  --proxy-url URL    the URL of your proxy: a path such as /e, or an absolute URL
  --client-key KEY   the client key of your pages; or the environment variable CIO_CLIENT_KEY
  --src URL          the URL of cio.js (default: cio.js below the URL of the proxy)
  --consent STATE    ${CONSENT.join(', ')} (default: ${CONSENT[0]})
  --global NAME      the name of the global variable (default: ${GLOBAL})
  --nonce NONCE      the nonce of both tags. A nonce differs in each response: pass the placeholder of your template
  --no-integrity     omits the hash of cio.js. The hash is valid for this version of the package only

Exit code: 0, or 2 if the command was called in a wrong way.`;

/** The command `snippet`: prints the script tag and its stub. */
export const snippetCommand: Command = {
  summary: 'print the script tag, and the stub that queues calls until the script has loaded',
  help: HELP,

  // Returns a promise, as `Command` demands, but has nothing to wait for.
  run(args) {
    console.log(snippet(readArguments(args, process.env)));
    return Promise.resolve(0);
  },
};

/** The arguments of the command. */
interface Tag {
  readonly proxyUrl: string;
  readonly clientKey: string;
  readonly src: string;
  readonly consent: string | undefined;
  readonly global: string | undefined;
  readonly nonce: string | undefined;
  readonly integrity: boolean;
}

function snippet({ proxyUrl, clientKey, src, consent, global, nonce, integrity }: Tag): string {
  const stub = packageFile('cio-stub.js')
    .toString()
    .trim()
    .replace(`"${GLOBAL}"`, JSON.stringify(global ?? GLOBAL));
  const hash = (): string => createHash('sha384').update(packageFile('cio.js')).digest('base64');
  const tag = attributes({
    async: true,
    src,
    'data-proxy-url': proxyUrl,
    'data-client-key': clientKey,
    'data-consent': consent,
    'data-global': global,
    ...(integrity && {
      integrity: `sha384-${hash()}`,
      // Browsers check the hash only of a script that is fetched with CORS, also on pages without an origin.
      crossorigin: true,
    }),
    nonce,
  });
  return `<script${attributes({ nonce })}>${stub}</script>\n<script${tag}></script>`;
}

/** Reads a file that the package contains. */
function packageFile(name: string): Buffer {
  // The package imports itself by name: this resolves to the same file from the sources and from `dist`.
  const script = createRequire(import.meta.url).resolve('cio-first-party/cio.js');
  return readFileSync(script.replace(/cio\.js$/, name));
}

const ESCAPED: Readonly<Record<string, string>> = { '&': '&amp;', '"': '&quot;', '<': '&lt;', '>': '&gt;' };

const attributes = (values: Readonly<Record<string, string | boolean | undefined>>): string =>
  Object.entries(values)
    .map(([name, value]) => {
      if (value === undefined) return '';
      return value === true
        ? ` ${name}`
        : ` ${name}="${String(value).replace(/[&"<>]/g, (character) => ESCAPED[character] ?? '')}"`;
    })
    .join('');

function readArguments(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Tag {
  const values = parse(args);
  const proxyUrl = readUrl('--proxy-url', values['proxy-url']).replace(/\/+$/, '');
  const clientKey = values['client-key'] ?? environment['CIO_CLIENT_KEY']?.trim();
  if (clientKey === undefined)
    throw new UsageError('--client-key is missing, and CIO_CLIENT_KEY is not set.');
  const { consent, global, nonce } = values;
  check('--client-key', clientKey, /^[^:\p{Cc}]+$/u, 'a text without ":"');
  check('--consent', consent, new RegExp(`^(${CONSENT.join('|')})$`), CONSENT.join(', '));
  check('--global', global, /^[A-Za-z_$][\w$]*$/, 'a valid JavaScript name');
  check('--nonce', nonce, /^[^\p{Cc}]+$/u, 'a text');
  return {
    proxyUrl,
    clientKey,
    src: values.src === undefined ? `${proxyUrl}/cio.js` : readUrl('--src', values.src),
    consent,
    global: global === GLOBAL ? undefined : global,
    nonce,
    integrity: !values['no-integrity'],
  };
}

function parse(args: readonly string[]) {
  return parseArguments({
    args: [...args],
    options: {
      'proxy-url': { type: 'string' },
      'client-key': { type: 'string' },
      src: { type: 'string' },
      consent: { type: 'string' },
      global: { type: 'string' },
      nonce: { type: 'string' },
      'no-integrity': { type: 'boolean', default: false },
    },
  }).values;
}

/** Refuses an argument of another form. */
function check(option: string, text: string | undefined, form: RegExp, must: string): void {
  if (text !== undefined && !form.test(text))
    throw new UsageError(`${option} must be ${must}, not "${text}".`);
}

/** Reads a URL as pages write it: absolute, or a path. */
function readUrl(option: string, text: string | undefined): string {
  if (text === undefined) throw new UsageError(`${option} is missing.`);
  const base = 'https://page.example';
  const url = /^(https?:\/)?\//i.test(text) && URL.canParse(text, base) ? new URL(text, base) : undefined;
  const isPlain =
    url !== undefined && url.username + url.password + url.hash === '' && !/[\s\p{Cc}]/u.test(text);
  if (!isPlain || (option === '--proxy-url' && url.search !== ''))
    throw new UsageError(
      `${option} must be an http(s) URL or a path like /e, without credentials and fragment, not "${text}".`,
    );
  return text;
}
