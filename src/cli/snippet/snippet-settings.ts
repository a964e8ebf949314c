import { parseArguments, UsageError } from '../command.ts';
import { withoutCredentials } from '../settings/origin-hint.ts';

export const DEFAULT_GLOBAL = 'cioanalytics';
export const CONSENT_STATES: readonly string[] = ['granted', 'pending', 'denied'];
export const PAGE_VIEW_MODES: readonly string[] = ['manual', 'load', 'history'];

/** Where the snippet is put: into the page, into a tag manager, or into a page whose scripts are combined. */
export type SnippetTarget = 'page' | 'gtm' | 'inline';

/** The arguments of the command. */
export interface SnippetSettings {
  readonly target: SnippetTarget;
  readonly proxyUrl: string;
  readonly clientKey: string;
  readonly src: string;
  readonly consent: string | undefined;
  readonly pageViews: string | undefined;
  readonly global: string;
  readonly nonce: string | undefined;
  readonly integrity: boolean;
}

/** Reads the arguments. @throws UsageError when they are wrong */
export function readSettings(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): SnippetSettings {
  const values = parse(args);
  const { consent, global = DEFAULT_GLOBAL, nonce, src } = values;
  const pageViews = values['page-views'];
  const base = readUrl('--proxy-url', values['proxy-url']).replace(/\/+$/, '');
  const clientKey = values['client-key'] ?? environment['CIO_CLIENT_KEY']?.trim();
  if (clientKey === undefined)
    throw new UsageError('--client-key is missing, and CIO_CLIENT_KEY is not set.');
  check('--client-key', clientKey, /^[^:\p{Cc}]+$/u, 'a text without ":"');
  check('--consent', consent, oneOf(CONSENT_STATES), CONSENT_STATES.join(', '));
  check('--page-views', pageViews, oneOf(PAGE_VIEW_MODES), PAGE_VIEW_MODES.join(', '));
  check('--global', global, /^[A-Za-z_$][\w$]*$/, 'a valid JavaScript name');
  check('--nonce', nonce, /^[^\p{Cc}]+$/u, 'a text');
  if (values.gtm && values.inline)
    throw new UsageError('--gtm and --inline exclude each other: --gtm loads cio.js, --inline contains it.');
  if (values.inline && src !== undefined)
    throw new UsageError('--src has no effect with --inline, which contains cio.js.');
  return {
    target: values.gtm ? 'gtm' : values.inline ? 'inline' : 'page',
    // A proxy at the root of the page's origin has the path `/`: an empty text is no URL.
    proxyUrl: base === '' ? '/' : base,
    clientKey,
    src: src === undefined ? `${base}/cio.js` : readUrl('--src', src),
    consent,
    pageViews,
    global,
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
      gtm: { type: 'boolean', default: false },
      inline: { type: 'boolean', default: false },
      src: { type: 'string' },
      consent: { type: 'string' },
      'page-views': { type: 'string' },
      global: { type: 'string' },
      nonce: { type: 'string' },
      'no-integrity': { type: 'boolean', default: false },
    },
  }).values;
}

const oneOf = (words: readonly string[]): RegExp => new RegExp(`^(${words.join('|')})$`);

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
      `${option} must be an http(s) URL or a path like /e, without credentials and fragment, not "${withoutCredentials(text)}".`,
    );
  return text;
}
