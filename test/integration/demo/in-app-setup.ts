/** A running stand-in with its control client, and requests as the site's proxy sends them. */
import { createServer } from 'node:http';
import { close, listen } from '../../../demo/http.ts';
import { createPipelines } from '../../../demo/pipelines/pipelines.ts';
import { createStandIn, type StandIn } from '../../support/site/stand-in.ts';

export interface Running {
  readonly origin: string;
  readonly standIn: StandIn;
  stop(): Promise<void>;
}

export async function startStandIn(): Promise<Running> {
  const server = createServer(createPipelines({ writeKey: 'secret' }).listener);
  const origin = await listen(server, 0);
  return { origin, standIn: createStandIn(origin), stop: () => close(server) };
}

export const tokenOf = (userId: string): string => Buffer.from(userId).toString('base64');

export const headersFor = (userId: string, isGuest = false): Record<string, string> => ({
  'X-CIO-Site-Id': 'site-id',
  'X-CIO-Client-Platform': 'web',
  'X-Gist-Encoded-User-Token': tokenOf(userId),
  'X-Gist-User-Anonymous': String(isGuest),
});

/** Requests the queue of a person. */
export const fetchQueue = (
  origin: string,
  userId: string,
  { isGuest = false, session = 's1' }: { readonly isGuest?: boolean; readonly session?: string } = {},
): Promise<Response> =>
  fetch(`${origin}/api/v4/users?sessionId=${session}`, {
    method: 'POST',
    headers: { ...headersFor(userId, isGuest), 'Content-Type': 'application/json' },
    body: '{}',
  });

/** Sends a request of one person to the in-app API. */
export const askFor = (
  origin: string,
  userId: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<Response> =>
  fetch(origin + path, {
    method,
    headers: headersFor(userId),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

/** The ids in a response to `fetchQueue`. */
export async function idsIn(
  response: Response,
): Promise<{ readonly queue: readonly string[]; readonly inbox: readonly string[] }> {
  const body = (await response.json()) as Record<
    'inAppMessages' | 'inboxMessages',
    readonly { readonly queueId: string }[]
  >;
  const ids = (list: readonly { readonly queueId: string }[]): readonly string[] =>
    list.map(({ queueId }) => queueId);
  return { queue: ids(body.inAppMessages), inbox: ids(body.inboxMessages) };
}
