/** How the in-app service behaves: its response headers, its queue mode, its stream, and its renderer. */
import { type Check, type Fields, oneOf, readFields, textOrNull } from '../../fields.ts';
import { isObject } from '../../http.ts';

export const RENDERER_VARIANTS = [
  'V1',
  'V1-slow',
  'V2',
  'V3',
  'V4',
  'V4-redirect',
  'V5',
  'V6',
  'V7',
  'V8-silent',
  'V8-error',
  'V8-route-error',
  'V8-foreign',
  'V8-missing',
  'V8-huge',
] as const;

/**
 * The pages that the stand-in can serve as the renderer of messages.
 *
 * - `V1`: 200, relative URLs; `V1-slow`: posts its first message after three seconds
 * - `V2`: redirect (302) to the code host, relative URLs there
 * - `V3`: a script that navigates to the code host after the page has loaded
 * - `V4`: `<base href="/renderer/9.9.9/">` and root-absolute URLs; `V4-redirect`: the same page behind a redirect
 * - `V5`: module script, which fetches JSON and streams WebAssembly
 * - `V6`: uses `localStorage` and `document.cookie` without a guard
 * - `V7`: requests `https://fonts.example` and `https://engine.example`
 * - `V8-silent`: never posts a message; `V8-error`, `V8-route-error`: posts that method instead of `routeLoaded`;
 *   `V8-foreign`: posts everything for the instance id of another frame; `V8-missing`: 404; `V8-huge`: 11 MB of HTML
 */
export type RendererVariant = (typeof RENDERER_VARIANTS)[number];

export interface InAppSettings {
  /** The header `x-gist-queue-polling-interval`, in seconds; a text is sent as it is, `null`: no header. */
  readonly pollingInterval: number | string | null;
  /** The header `x-cio-use-sse`; `null`: no header. */
  readonly useSse: boolean | null;
  /** The header `x-cio-inbox-enabled`; `null`: no header. */
  readonly inboxEnabled: boolean | null;
  /**
   * The response to a fetch of the queue. `full`: 200, or 204 for an unknown person; `empty`: 204; `unchanged`: 304;
   * `unchanged-by-session`: 304 if the same `sessionId` has received the same lists already.
   */
  readonly queue: 'full' | 'empty' | 'unchanged' | 'unchanged-by-session';
  /** The first event of a stream is `connected`. */
  readonly connected: boolean;
  /** The interval of `heartbeat` events, which `connected` announces, in seconds; `null`: no heartbeats. */
  readonly heartbeatSeconds: number | null;
  readonly branding: Readonly<Record<string, unknown>>;
  readonly templates: Readonly<Record<string, unknown>>;
  readonly variant: RendererVariant;
  /** The code host in redirects and absolute URLs; `null`: `/code-host` on the host that the request names. */
  readonly codeUrl: string | null;
  /** More response headers of all files of the frame. */
  readonly frameHeaders: Readonly<Record<string, string>>;
}

export const DEFAULT_IN_APP_SETTINGS: InAppSettings = {
  pollingInterval: 600,
  useSse: false,
  inboxEnabled: true,
  queue: 'full',
  connected: true,
  heartbeatSeconds: 30,
  branding: {
    theme: 'light',
    patterns: {
      inbox: {
        floatingIcon: {
          background: '#0b5fff',
          color: '#fff',
          svg: '<svg xmlns="http://www.w3.org/2000/svg"/>',
        },
        background: '#fff',
        cornerRadius: '8px',
        borderColor: '#ddd',
        dividerColor: '#eee',
        shadow: 'none',
        position: 'bottom-right',
        hoverBackground: '#f5f5f5',
        unreadIndicator: '#0b5fff',
      },
      modes: { dark: { inbox: {} } },
    },
  },
  templates: { default: [{ version: '1', root: { type: 'text', text: 'A message' } }] },
  variant: 'V1',
  codeUrl: null,
  // The real hosts set cookies of their own domain, which a proxy must not pass on.
  frameHeaders: { 'Set-Cookie': 'renderer=1; Path=/' },
};

const numberTextOrNull: Check<number | string | null> = {
  expects: 'a number, a string or null',
  accepts: (value): value is number | string | null =>
    value === null || typeof value === 'string' || typeof value === 'number',
};

const secondsOrNull: Check<number | null> = {
  expects: 'a positive number or null',
  accepts: (value): value is number | null => value === null || (typeof value === 'number' && value > 0),
};

const booleanOrNull: Check<boolean | null> = {
  expects: 'a boolean or null',
  accepts: (value): value is boolean | null => value === null || typeof value === 'boolean',
};

export const aBoolean: Check<boolean> = {
  expects: 'a boolean',
  accepts: (value): value is boolean => typeof value === 'boolean',
};

const anObject: Check<Readonly<Record<string, unknown>>> = {
  expects: 'an object',
  accepts: (value): value is Record<string, unknown> => isObject(value),
};

export const headerMap: Check<Readonly<Record<string, string>>> = {
  expects: 'an object of strings',
  accepts: (value): value is Record<string, string> =>
    isObject(value) && Object.values(value).every((each) => typeof each === 'string'),
};

/** Reads the known settings of a control request. */
export function readInAppSettings(body: unknown): Fields<InAppSettings> {
  return readFields<InAppSettings>(body, {
    pollingInterval: numberTextOrNull,
    useSse: booleanOrNull,
    inboxEnabled: booleanOrNull,
    queue: oneOf('full', 'empty', 'unchanged', 'unchanged-by-session'),
    connected: aBoolean,
    heartbeatSeconds: secondsOrNull,
    branding: anObject,
    templates: anObject,
    variant: oneOf(...RENDERER_VARIANTS),
    codeUrl: textOrNull,
    frameHeaders: headerMap,
  });
}
