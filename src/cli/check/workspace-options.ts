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
  const region = environment['CIO_REGION']?.trim() || 'us';
  if (region !== 'us' && region !== 'eu')
    throw new UsageError(
      `CIO_REGION is "${region}": it must be us or eu, the region of your Customer.io account.`,
    );
  const url = environment['CIO_APP_API_URL']?.trim() || undefined;
  if (url !== undefined && !/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : ''))
    throw new UsageError(
      `CIO_APP_API_URL is "${withoutCredentials(url)}": it must be an absolute URL with http or https.`,
    );
  return { key, url: resolveAppApi({ key, url }, region).url, waitMs: WORKSPACE_WAIT_MS };
}
