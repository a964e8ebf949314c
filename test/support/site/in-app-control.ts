/** Controls the in-app service of the stand-in: messages, faults, streams, and the renderer in the frame. */
import type { InAppFault } from '../../../demo/pipelines/in-app/faults.ts';
import type { InAppRequest } from '../../../demo/pipelines/in-app/record.ts';
import { CODE_HOST, type InAppRoute, RENDERER_HOST } from '../../../demo/pipelines/in-app/routes.ts';
import type { InAppSettings, RendererVariant } from '../../../demo/pipelines/in-app/settings.ts';
import type { Push } from '../../../demo/pipelines/in-app/streams.ts';
import type { InAppMessage } from '../../../demo/pipelines/people.ts';

export interface InAppControl {
  /** Replaces the queue of a person. Adds the person if the stand-in does not know the id. */
  setMessages(userId: string, messages: readonly InAppMessage[]): Promise<void>;
  /** Returns the queue of each person. */
  messages(): Promise<Readonly<Record<string, readonly InAppMessage[]>>>;
  /** Replaces the messages for everybody, guests included. */
  setBroadcasts(messages: readonly InAppMessage[]): Promise<void>;
  /** Changes response headers, the queue mode, the stream, branding and templates, or the frame. */
  inAppSettings(settings: Partial<InAppSettings>): Promise<void>;
  /** Sets the page that is served as the renderer. */
  rendererVariant(variant: RendererVariant): Promise<void>;
  /** Replaces all faults of paths; no argument: no faults. */
  inAppFaults(...faults: readonly InAppFault[]): Promise<void>;
  /** The requests without preflights, in the order of arrival; of one route or of all. */
  messageRequests(route?: InAppRoute): Promise<readonly InAppRequest[]>;
  /** Sends an event to the streams of a person, or to all with `null`. Returns the number of streams. */
  pushToStream(userId: string | null, push: Push): Promise<number>;
  /** Closes the connections of a person's streams; no argument: all streams. Returns the number of streams. */
  cutStreams(userId?: string): Promise<number>;
  /** The person of each open stream. */
  openStreams(): Promise<readonly string[]>;
  /** Forgets everything that the functions above have set, and the requests. */
  forgetInApp(): Promise<void>;
}

export type Ask = <T>(method: string, what: string, body?: unknown) => Promise<T>;

/** Upstream URLs of a proxy: the two hosts of the frame, at base paths of one stand-in. */
export const frameHosts = (
  origin: string,
): { readonly rendererUrl: string; readonly codeUrl: string; readonly realtimeUrl: string } => ({
  rendererUrl: origin + RENDERER_HOST,
  codeUrl: origin + CODE_HOST,
  realtimeUrl: origin,
});

export function createInAppControl(ask: Ask): InAppControl {
  const settings = async (changed: Partial<InAppSettings>): Promise<void> =>
    void (await ask('POST', 'in-app/settings', changed));
  return {
    setMessages: async (userId, messages) =>
      void (await ask('PUT', 'in-app/messages', { [userId]: messages })),
    messages: () => ask('GET', 'in-app/messages'),
    setBroadcasts: async (messages) => void (await ask('PUT', 'in-app/broadcasts', messages)),
    inAppSettings: settings,
    rendererVariant: (variant) => settings({ variant }),
    inAppFaults: async (...faults) => void (await ask('PUT', 'in-app/faults', faults)),
    async messageRequests(route) {
      const { requests } = await ask<{ requests: readonly InAppRequest[] }>('GET', 'in-app/requests');
      return requests.filter((each) => each.method !== 'OPTIONS' && (route ?? each.route) === each.route);
    },
    pushToStream: async (userId, push) =>
      (await ask<{ streams: number }>('POST', 'in-app/streams', { userId, ...push })).streams,
    async cutStreams(userId) {
      const query = userId === undefined ? '' : `?userId=${encodeURIComponent(userId)}`;
      return (await ask<{ streams: number }>('DELETE', `in-app/streams${query}`)).streams;
    },
    openStreams: async () => (await ask<{ users: readonly string[] }>('GET', 'in-app/streams')).users,
    forgetInApp: async () => void (await ask('DELETE', 'in-app')),
  };
}
