/** A stand-in for Customer.io's in-app service: queue, inbox, stream, and the two hosts that serve the frame of a message. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { InAppMessage, People } from '../people.ts';
import { type ApiRequest, createInAppApi } from './api.ts';
import { createInAppFaults, type InAppFault, type InAppFaults } from './faults.ts';
import { answerFrame } from './frame/files.ts';
import { createInAppRecord, type InAppRecord } from './record.ts';
import { decide, type Decision, deliver, json, pause } from './reply.ts';
import { CODE_HOST, type InAppTarget, targetOf } from './routes.ts';
import { DEFAULT_IN_APP_SETTINGS, type InAppSettings } from './settings.ts';
import { createStreams, type Streams } from './streams.ts';

export interface InAppNeeds {
  readonly people: People;
  readonly siteId: string;
  /** The fault of all personal services of Customer.io for this person. */
  readonly serviceFault: (userId: string) => { readonly status: number; readonly latencyMs: number };
  /** Called for each request to the API with the status of its response. */
  readonly note: (userId: string, method: string, path: string, status: number) => void;
}

/** A request whose body has been read. */
export interface InAppIncoming {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
}

export interface InApp {
  /** Answers a request. Returns false when the path is not of the in-app service. */
  answer(request: IncomingMessage, response: ServerResponse, incoming: InAppIncoming): Promise<boolean>;
  readonly faults: InAppFaults;
  readonly streams: Streams;
  readonly record: InAppRecord;
  settings(): InAppSettings;
  setSettings(changed: Partial<InAppSettings>): void;
  broadcasts(): readonly InAppMessage[];
  setBroadcasts(messages: readonly InAppMessage[]): void;
  /** Removes broadcasts, faults and requests, closes the streams, and sets the default settings. */
  reset(): void;
}

/** The vendor's script and a `direct` renderer are used from pages of other origins. */
const CORS = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Allow-Methods': 'GET, POST, PATCH, DELETE',
  'Access-Control-Allow-Headers':
    'Content-Type, Content-Language, X-CIO-Site-Id, X-CIO-Client-Platform, X-Gist-Encoded-User-Token, X-Gist-User-Anonymous',
  'Access-Control-Expose-Headers': 'x-gist-queue-polling-interval, x-cio-use-sse, x-cio-inbox-enabled',
};

export function createInApp({ people, siteId, serviceFault, note }: InAppNeeds): InApp {
  const faults = createInAppFaults();
  const streams = createStreams();
  const record = createInAppRecord();
  let settings = DEFAULT_IN_APP_SETTINGS;
  let broadcasts: readonly InAppMessage[] = [];
  const api = createInAppApi({ people, siteId, broadcasts: () => broadcasts, settings: () => settings });

  function decideApi(
    asked: ApiRequest,
    path: string,
    fault: InAppFault | undefined,
    failure: number,
  ): Decision {
    const decision = decide(fault, () =>
      failure === 200 ? api.answer(asked) : json(failure, { error: 'told to fail' }),
    );
    if (typeof decision === 'object') note(asked.userId, asked.method, path, decision.status);
    else if (decision === 'stream') note(asked.userId, asked.method, path, 200);
    return decision;
  }

  return {
    async answer(request, response, { path, query, body }) {
      const target = targetOf(path);
      if (!target) return false;
      const { headers, method = '' } = request;
      const isFrame = target.route === 'frame' || target.route === 'code';
      const userId = userOf(target, request, query);
      const isGuest = headers['x-gist-user-anonymous'] === 'true';
      const ended = record.add({
        atMs: Date.now(),
        route: target.route,
        method,
        path,
        query: Object.fromEntries(query),
        headers,
        userId,
        isGuest,
        body,
      });
      if (method === 'OPTIONS') {
        ended(await deliver(response, { decision: { status: 204, headers: CORS }, fault: undefined }));
        return true;
      }
      const fault = faults.take(target, userId);
      if (isFrame) {
        const codeUrl = settings.codeUrl ?? `http://${headers.host ?? ''}${CODE_HOST}`;
        const decision = decide(fault, () => answerFrame(target, method, codeUrl, settings));
        ended(await deliver(response, { decision, fault, isHead: method === 'HEAD' }));
        return true;
      }
      const site = String(headers['x-cio-site-id'] ?? query.get('siteId') ?? '');
      const { status, latencyMs } = serviceFault(userId);
      const asked = { target, method, query, siteId: site, userId, isGuest, body };
      const decision = decideApi(asked, path, fault, status);
      await pause(latencyMs);
      const openStream = (): void => streams.open(userId, response, settings);
      ended(await deliver(response, { decision, fault, headers: CORS, openStream }));
      return true;
    },
    faults,
    streams,
    record,
    settings: () => settings,
    setSettings(changed) {
      settings = { ...settings, ...changed };
    },
    broadcasts: () => broadcasts,
    setBroadcasts(messages) {
      broadcasts = messages;
    },
    reset() {
      settings = DEFAULT_IN_APP_SETTINGS;
      broadcasts = [];
      faults.replace([]);
      record.clear();
      streams.cut(null);
      api.forgetSessions();
    },
  };
}

/**
 * The person of a request: a header of the API, a parameter of the stream. A base64 text whose `+` is not escaped arrives
 * with a space, and is not a token.
 */
function userOf({ route }: InAppTarget, { headers }: IncomingMessage, query: URLSearchParams): string {
  const token = route === 'stream' ? query.get('userToken') : headers['x-gist-encoded-user-token'];
  const encoded = String(token ?? '');
  return encoded.includes(' ') ? '' : Buffer.from(encoded, 'base64').toString();
}
