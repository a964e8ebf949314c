import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { type Command, parseArguments, UsageError } from '../command.ts';
import { withoutCredentials } from '../settings/origin-hint.ts';

const PROXY_URL = '/e';
const CLIENT_KEY = 'client-api-key-web';

const HELP = `Usage: cio-first-party migrate [folder] [options]

Rewrites the code of a site from Customer.io's SDK to this package: imports of @customerio/cdp-analytics-browser,
AnalyticsBrowser.load, types, the dependency in package.json, and Customer.io's snippets in pages, templates and components.
Prints a diff, and lists what must be done by hand. Changes nothing without --write.

  folder             the folder of the sources, or one file (default: the current folder)
  --write            changes the files
  --proxy-url URL    the URL of your proxy: a path such as /e, or an absolute URL (default: ${PROXY_URL})
  --client-key KEY   the client key of your pages (default: CIO_CLIENT_KEY, or else ${CLIENT_KEY})

The command reads sources of JavaScript and TypeScript, pages, and templates. It does not read node_modules, dist, build,
out, coverage, and folders whose name begins with a dot. It never prints a write key as a whole, so that a diff with a write key
cannot be applied: use --write.

Exit code: 0 if nothing is left to do by hand in the code, 1 if something is left, 2 if the command was called in a wrong way.`;

/** The command `migrate`: rewrites code from Customer.io's SDK to this package. */
export const migrateCommand: Command = {
  summary: "rewrite code from Customer.io's SDK to this package",
  help: HELP,

  async run(args) {
    const { folder, isWriting, ...values } = readMigrateArguments(args, process.env);
    const stats = await stat(folder).catch((error: unknown) => {
      throw new UsageError(
        `The folder ${folder} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      );
    });
    const root = stats.isDirectory() ? folder : path.dirname(folder);
    const { runMigration } = await import('./run-migration.ts');
    return runMigration(
      root,
      stats.isDirectory() ? undefined : path.basename(folder),
      values,
      readOwnPackage(),
      isWriting,
    );
  },
};

function readOwnPackage(): { readonly version: string; readonly stub: string } {
  // The package imports itself by name: this resolves to the same files from the sources and from `dist`.
  const require = createRequire(import.meta.url);
  const { version } = require('cio-first-party/package.json') as { readonly version: string };
  const stub = require.resolve('cio-first-party/cio.js').replace(/cio\.js$/, 'cio-stub.js');
  return { version, stub: readFileSync(stub, 'utf8').trim() };
}

interface MigrateArguments {
  readonly folder: string;
  readonly isWriting: boolean;
  readonly proxyUrl: string;
  readonly clientKey: string;
}

function readMigrateArguments(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): MigrateArguments {
  const { values, positionals } = parseArguments({
    args: [...args],
    allowPositionals: true,
    options: {
      write: { type: 'boolean', default: false },
      'proxy-url': { type: 'string', default: PROXY_URL },
      'client-key': { type: 'string', default: environment['CIO_CLIENT_KEY']?.trim() || CLIENT_KEY },
    },
  });
  if (positionals.length > 1)
    throw new UsageError(`"migrate" needs at most one folder, got ${positionals.length}.`);
  const clientKey = values['client-key'];
  if (!/^[^:\p{Cc}]+$/u.test(clientKey))
    throw new UsageError(`--client-key must be a text without ":", not "${clientKey}".`);
  return {
    folder: path.resolve(positionals[0] ?? '.'),
    isWriting: values.write,
    proxyUrl: checkProxyUrl(values['proxy-url']),
    clientKey,
  };
}

/** Checks a URL as pages write it: absolute, or a path. Returns it without slashes at its end. */
function checkProxyUrl(text: string): string {
  const base = 'https://page.example';
  const url = /^(https?:\/)?\//i.test(text) && URL.canParse(text, base) ? new URL(text, base) : undefined;
  const isPlain = url !== undefined && url.username + url.password + url.hash + url.search === '';
  if (!isPlain || /[\s\p{Cc}]/u.test(text))
    throw new UsageError(
      `--proxy-url must be an http(s) URL or a path like /e, without credentials, query and fragment, not "${withoutCredentials(text)}".`,
    );
  return text.replace(/\/+$/, '') || '/';
}
