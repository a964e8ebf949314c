/** Messages of a frame to the page: `{gist: {method, instanceId, parameters}}`. Each may be malformed, or forged. */

export type FrameMessage =
  | { readonly method: 'loaded' }
  | { readonly method: 'failed' }
  | { readonly method: 'resized'; readonly heightPx: number }
  | { readonly method: 'renamed'; readonly title: string }
  | { readonly method: 'tapped'; readonly action: string; readonly name: string; readonly isSystem: boolean }
  | { readonly method: 'dispatched'; readonly name: string; readonly payload: unknown };

/** Longer texts are not from a renderer: a URL of this length works in no browser's navigation bar and on few servers. */
const MOST_CHARACTERS = 20_000;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** Returns the text. A missing one is empty, and undefined stands for what is no text or too long. */
const textIn = (value: unknown): string | undefined =>
  value === undefined || value === null
    ? ''
    : typeof value === 'string' && value.length <= MOST_CHARACTERS
      ? value
      : undefined;

/**
 * Reads a message of the frame. Returns undefined for what another instance says, what is malformed, and what needs no answer
 * (`bootstrapped`, `routeChanged`, and changes of steps, which the page does not offer).
 */
export function readFrameMessage(data: unknown, instanceId: string): FrameMessage | undefined {
  const gist = isObject(data) ? data['gist'] : undefined;
  if (!isObject(gist) || gist['instanceId'] !== instanceId) return undefined;
  const parameters = isObject(gist['parameters']) ? gist['parameters'] : {};
  const name = textIn(parameters['name']);
  switch (gist['method']) {
    case 'routeLoaded':
      return { method: 'loaded' };
    case 'error':
    case 'routeError':
      return { method: 'failed' };
    case 'sizeChanged': {
      const heightPx = parameters['height'];
      return typeof heightPx === 'number' && heightPx > 0 && heightPx < Infinity
        ? { method: 'resized', heightPx }
        : undefined;
    }
    case 'titleChanged': {
      const title = textIn(parameters['title']);
      return title ? { method: 'renamed', title } : undefined;
    }
    case 'tap': {
      const action = textIn(parameters['action']);
      return action === undefined || name === undefined
        ? undefined
        : { method: 'tapped', action, name, isSystem: parameters['system'] === true };
    }
    case 'eventDispatched':
      return name ? { method: 'dispatched', name, payload: parameters['payload'] } : undefined;
    default:
      return undefined;
  }
}
