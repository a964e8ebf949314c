import { BATCH_PATH } from '../../protocol/wire.ts';
import { asJson, asTable } from './print-results.ts';
import { runChecks } from './run-checks.ts';
import { EVENT_NAME, USER_ID } from './sample-events.ts';
import type { CheckOptions } from './check-context.ts';
import { type Command, parseArguments, UsageError } from '../command.ts';
import { meantOrigin } from '../settings/origin-hint.ts';

/** The default of the SDK. */
const TIMEOUT_MS = 15_000;

const HELP = `Usage: cio-first-party check URL --client-key KEY [options]

Asks a proxy, in whatever language it is written, for all that the SDK needs of it. URL is what your pages have as
proxyUrl, absolute: https://events.example.com or https://shop.example.com/e

  --client-key KEY   the key of your pages; better in the environment, as CIO_CLIENT_KEY
  --origin ORIGIN    the origin of your pages, e.g. https://shop.example.com (default: that of the proxy)
  --timeout MS       how long an answer may take, in milliseconds (default: ${TIMEOUT_MS})
  --send             sends about 125 events, for the checks that need them
  --json             prints one JSON object

Without --send it sends empty batches and preflights only, and skips the checks that need events. --dry is accepted, and
changes nothing.

With --send it sends about 125 events to the workspace behind the proxy. Each that has a name is called
"${EVENT_NAME}", and all are of one visitor, whose anonymousId begins with "${USER_ID}-".
An alias calls that visitor "${USER_ID}"; where anonymous events do not pass, the others are of that person
too, who may be deleted afterwards. One event of 40 KB and two of an unknown type are there to be refused.

Exit code: 0 when the proxy has all that the SDK needs, 1 when it has not, 2 when this was called wrongly.`;

/** The command `check`: tests any proxy for what the SDK needs. */
export const checkCommand: Command = {
  summary: "test anyone's proxy",
  help: HELP,

  async run(args) {
    const { json, ...options } = readArguments(args, process.env);
    const rows = await runChecks(options);
    // https://no-color.org
    const colours = process.stdout.isTTY && !process.env['NO_COLOR'];
    console.log(json ? asJson(options.url, rows) : asTable(rows, colours));
    return rows.some(({ status }) => status === 'fail') ? 1 : 0;
  },
};

function readArguments(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): CheckOptions & { readonly json: boolean } {
  const { values, positionals } = parse(args);
  if (positionals.length !== 1)
    throw new UsageError(`"check" takes one URL, and ${positionals.length} were given.`);
  const clientKey = values['client-key'] ?? environment['CIO_CLIENT_KEY']?.trim() ?? '';
  if (clientKey === '') throw new UsageError('--client-key is missing, and CIO_CLIENT_KEY is not set.');
  if (clientKey.includes(':')) throw new UsageError('The client key must not have a colon in it.');
  return {
    url: readUrl(positionals[0] ?? ''),
    clientKey,
    origin: values.origin === undefined ? undefined : readOrigin(values.origin),
    timeoutMs: readTimeout(values.timeout),
    dry: !values.send,
    json: values.json,
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
      json: { type: 'boolean', default: false },
    },
  });
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw new UsageError(
      'The URL must be absolute, with http or https, such as https://events.example.com/e.',
    );
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw new UsageError('The URL must have no credentials, no query and no fragment.');
  if (url.pathname.replace(/\/+$/, '').endsWith(BATCH_PATH))
    throw new UsageError(`The URL must be what pages have as proxyUrl, without ${BATCH_PATH}.`);
  return url;
}

function readOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.origin !== text) {
    const meant = meantOrigin(text);
    const example = meant === null ? 'e.g. https://shop.example.com' : meant;
    throw new UsageError(`--origin must be as browsers write it, ${example}, not "${text}".`);
  }
  return text;
}

function readTimeout(text: string | undefined): number {
  const ms = Number(text ?? TIMEOUT_MS);
  if (!Number.isInteger(ms) || ms < 1 || ms > 600_000)
    throw new UsageError(`--timeout must be milliseconds from 1 to 600000, not "${text}".`);
  return ms;
}
