import { isAddress } from '../../proxy/options/rules.ts';
import { APP_API_RULES, isHeaderText } from '../../proxy/options/token-rules.ts';
import { warnOfPlainHttp } from '../../proxy/options/warn-plain-http.ts';
import { resolveAppApi } from '../../proxy/private/private-settings.ts';
import { UsageError } from '../command.ts';
import { withoutCredentials } from '../settings/origin-hint.ts';
import { withSecretFiles } from '../settings/secret-files.ts';
import type { WorkspaceOptions } from './check-workspace.ts';

/** How long Customer.io may take to process events. Its documentation names no time; a minute is usual at most. */
export const WORKSPACE_WAIT_MS = 60_000;

/** Reads the options of `--workspace`. @throws UsageError for a wrong call */
export function readWorkspaceOptions(
  { send }: { readonly send: boolean },
  given: Readonly<Record<string, string | undefined>>,
): WorkspaceOptions {
  if (!send) throw new UsageError('--workspace needs --send: it reads back what was sent.');
  const { environment, problems } = withSecretFiles(given);
  const problem = problems.get('CIO_APP_API_KEY');
  if (problem !== undefined) throw new UsageError(problem);
  const key = environment['CIO_APP_API_KEY']?.trim() ?? '';
  if (key === '') throw new UsageError('--workspace needs a key of the App API: CIO_APP_API_KEY is not set.');
  if (!isHeaderText(key))
    throw new UsageError(
      'CIO_APP_API_KEY is no key of the App API: it must have printable characters of ASCII without spaces.',
    );
  const region = environment['CIO_REGION']?.trim() || 'us';
  if (region !== 'us' && region !== 'eu')
    throw new UsageError(
      `CIO_REGION is "${region}": it must be us or eu, the region of your Customer.io account.`,
    );
  const url = environment['CIO_APP_API_URL']?.trim() || undefined;
  if (url !== undefined && !isAddress(url))
    throw new UsageError(
      `CIO_APP_API_URL is "${withoutCredentials(url)}": it must be ${APP_API_RULES.url.must}.`,
    );
  warnOfPlainHttp('check', { CIO_APP_API_URL: url });
  return { key, url: resolveAppApi({ key, url }, region).url, waitMs: WORKSPACE_WAIT_MS };
}
