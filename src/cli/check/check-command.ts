import { BATCH_PATH } from '../../protocol/wire.ts';
import { asJson, asTable } from './print-results.ts';
import { runChecks } from './run-checks.ts';
import { EVENT_NAME, USER_ID } from './sample-events.ts';
import { readWorkspaceOptions, WORKSPACE_WAIT_MS } from './workspace-options.ts';
import type { CheckOptions } from './check-context.ts';
import type { CheckResult } from './check-result.ts';
import { findBrowser, isProgram } from './in-app/find-browser.ts';
import type { InAppCheckOptions } from './in-app/in-app-context.ts';
import { runInAppChecks } from './in-app/run-in-app-checks.ts';
import { type Command, parseArguments, UsageError } from '../command.ts';
import { isOrigin } from '../../proxy/options/check-options.ts';
import { hintAtOrigins, withoutCredentials } from '../settings/origin-hint.ts';

/** The default of the SDK. */
const TIMEOUT_MS = 15_000;

const HELP = `Usage: cio-first-party check URL --client-key KEY [options]
       cio-first-party check --in-app URL [options]

Checks whether a proxy, written in any language, does what the SDK needs. URL is the proxyUrl of your pages, absolute:
https://events.example.com or https://shop.example.com/e

  --client-key KEY   the client key of your pages; or the environment variable CIO_CLIENT_KEY
  --origin ORIGIN    the origin of your pages, e.g. https://shop.example.com (default: the origin of the proxy)
  --timeout MS       the maximum time for a response, in milliseconds (default: ${TIMEOUT_MS})
  --send             sends about 125 events, for the checks that need events
  --workspace        with --send: reads the test person back from the workspace, with the App API. Needs CIO_APP_API_KEY (or the
                     file that CIO_APP_API_KEY_FILE names); CIO_REGION and CIO_APP_API_URL as for the command proxy
  --compatibility    fails if the proxy does not accept the requests of Customer.io's own SDKs (default: checks these
                     requests only if the proxy accepts them)
  --json             prints one JSON object
  --in-app           checks the in-app messages of the proxy instead; needs no client key
  --browser PATH     with --in-app: the browser that draws a sample message, such as /usr/bin/chromium (default: the
                     first Chromium, Chrome or Edge of this machine)

Without --send the command sends only empty batches and preflights, and skips the checks that need events. --dry is accepted,
and has no effect.

With --send the command sends about 125 events to the Customer.io workspace of the proxy. Each event with a name is called
"${EVENT_NAME}". All events belong to one visitor, whose anonymousId begins with "${USER_ID}-". An
alias connects this visitor with the person "${USER_ID}". If the proxy refuses anonymous events, the other
events belong to this person too. You can delete the person afterwards. The proxy must refuse one event of 40 KB and two
events of an unknown type.

With --workspace the command also sends an identify and an event of the person "${USER_ID}", and waits up to
${WORKSPACE_WAIT_MS / 1_000} seconds until the workspace has both.

With --in-app the command loads the page that draws messages, and the files of that page, through the proxy. It prints what
would stop them in a browser: headers, URLs that leave the proxy, and scripts that need cookies or storage. A browser
then draws a sample message in a page of ORIGIN; the command requests nothing of the site itself. The command sends no event, no
metric and no credentials.

Exit code: 0 if no check has failed, 1 if a check has failed, 2 if the command was called in a wrong way.`;

/** The command `check`: tests any proxy for what the SDK needs. */
export const checkCommand: Command = {
  summary: 'check whether a proxy does what the SDK needs',
  help: HELP,

  async run(args) {
    const { json, url, run } = readArguments(args, process.env);
    const rows = await run();
    // https://no-color.org
    const colours = process.stdout.isTTY && !process.env['NO_COLOR'];
    console.log(json ? asJson(url, rows) : asTable(rows, colours));
    return rows.some(({ status }) => status === 'fail') ? 1 : 0;
  },
};

interface Run {
  readonly json: boolean;
  readonly url: URL;
  run(): Promise<readonly CheckResult[]>;
}

function readArguments(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Run {
  const { values, positionals } = parse(args);
  if (positionals.length !== 1)
    throw new UsageError(`"check" needs exactly one URL, got ${positionals.length}.`);
  const { json } = values;
  if (values['in-app']) {
    const options = inAppOptions(values, positionals[0] ?? '', environment);
    return { json, url: options.url, run: () => runInAppChecks(options) };
  }
  if (values.browser !== undefined) throw new UsageError('--browser needs --in-app.');
  const clientKey = values['client-key'] ?? environment['CIO_CLIENT_KEY']?.trim() ?? '';
  if (clientKey === '') throw new UsageError('--client-key is missing, and CIO_CLIENT_KEY is not set.');
  if (clientKey.includes(':')) throw new UsageError('The client key must not contain a colon.');
  const options: CheckOptions = {
    ...target(values, positionals[0] ?? ''),
    clientKey,
    dry: !values.send,
    workspace: values.workspace ? readWorkspaceOptions(values, environment) : undefined,
    compatibility: values.compatibility,
  };
  return { json, url: options.url, run: () => runChecks(options) };
}

type Values = ReturnType<typeof parse>['values'];

function inAppOptions(
  values: Values,
  url: string,
  environment: Readonly<Record<string, string | undefined>>,
): InAppCheckOptions {
  if (values.workspace) throw new UsageError('--workspace has no effect with --in-app.');
  if (values.compatibility) throw new UsageError('--compatibility has no effect with --in-app.');
  if (values.send) throw new UsageError('--send has no effect with --in-app: run the two checks one by one.');
  const { browser = findBrowser(environment) } = values;
  if (browser !== null && !isProgram(browser))
    throw new UsageError(`--browser is "${browser}": it must be the path of a browser that can be started.`);
  return { ...target(values, url), browser };
}

/** The options that both kinds of checks have. */
function target(
  { origin, timeout }: Pick<Values, 'origin' | 'timeout'>,
  url: string,
): Pick<CheckOptions, 'url' | 'origin' | 'timeoutMs'> {
  return {
    url: readUrl(url),
    origin: origin === undefined ? undefined : readOrigin(origin),
    timeoutMs: readTimeout(timeout),
  };
}

function parse(args: readonly string[]) {
  return parseArguments({
    args: [...args],
    allowPositionals: true,
    options: {
      'client-key': { type: 'string' },
      origin: { type: 'string' },
      timeout: { type: 'string' },
      send: { type: 'boolean', default: false },
      // A dry run is the default. The option stays for scripts that name it.
      dry: { type: 'boolean', default: false },
      workspace: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      compatibility: { type: 'boolean', default: false },
      'in-app': { type: 'boolean', default: false },
      browser: { type: 'string' },
    },
  });
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw new UsageError(
      `The URL is "${withoutCredentials(text)}": it must be absolute, with http or https, e.g. https://events.example.com/e.`,
    );
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new UsageError(
      `The URL must have no credentials, no query and no fragment, e.g. ${url.origin}${url.pathname}.`,
    );
  if (url.pathname.replace(/\/+$/, '').endsWith(BATCH_PATH))
    throw new UsageError(`The URL must be the proxyUrl of the pages, without ${BATCH_PATH}.`);
  return url;
}

/** Reads an origin by the rule of the option `origins`, so that `check` takes every origin that the proxy takes. */
function readOrigin(text: string): string {
  if (isOrigin(text)) return text;
  const problem = `--origin is "${withoutCredentials(text)}": it must be one origin as browsers send it, e.g. https://shop.example.com.`;
  throw new UsageError([problem, hintAtOrigins([text])].join(' ').trim());
}

function readTimeout(text: string | undefined): number {
  const ms = Number(text ?? TIMEOUT_MS);
  if (!Number.isInteger(ms) || ms < 1 || ms > 600_000)
    throw new UsageError(`--timeout is "${text}": it must be milliseconds, from 1 to 600000.`);
  return ms;
}
