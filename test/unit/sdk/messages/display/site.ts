/** A page with a display, whose frames a test speaks for. */
import { onTestFinished, vi } from 'vitest';
import type {
  DisplayMessage,
  DisplayNeeds,
  DisplayReport,
} from '../../../../../src/sdk/messages/display/contract.ts';
import { createDisplay } from '../../../../../src/sdk/messages/display/display.ts';
import { fakeClock, type FakeClock } from '../../../../fakes/clock.ts';

export interface Site {
  readonly display: ReturnType<typeof createDisplay>;
  readonly clock: FakeClock;
  readonly ending: AbortController;
  readonly reports: DisplayReport[];
  /** What the page has posted to each frame, by `instanceId` where the message has one. */
  readonly posted: unknown[];
  /** The reports as `type instanceId`. */
  told(): readonly string[];
  /** Shows a message with these values of `properties.gist`. */
  show(instanceId: string, gist?: Record<string, unknown>): boolean;
  /** The same, until the page has its frame. */
  load(instanceId: string, gist?: Record<string, unknown>): Promise<void>;
  /** The same, and its frame says `routeLoaded`; until it is visible. */
  open(instanceId: string, gist?: Record<string, unknown>): Promise<HTMLIFrameElement>;
  frame(instanceId: string): HTMLIFrameElement;
  say(instanceId: string, method: string, parameters?: unknown): void;
}

/** Every frame of the document, those in shadow roots included. */
export function framesIn(root: ParentNode = document): readonly HTMLIFrameElement[] {
  const found: HTMLIFrameElement[] = [];
  for (const element of root.querySelectorAll('*')) {
    if (element instanceof HTMLIFrameElement) found.push(element);
    if (element.shadowRoot) found.push(...framesIn(element.shadowRoot));
  }
  return found;
}

/** Dispatches a message event, as a browser does for `postMessage`. */
export function post(data: unknown, source: unknown): void {
  window.dispatchEvent(new MessageEvent('message', { data, source: source as Window, origin: 'null' }));
}

/** happy-dom loads no page into a frame: each frame gets a window of its own, which records, and is told that it has loaded. */
export function openSite(needs: Partial<DisplayNeeds> = {}): Site {
  // happy-dom complains for each frame whose page it may not load; it loads none where navigation is off.
  const { happyDOM } = window as unknown as {
    happyDOM: {
      settings: { enableIframePageLoading: boolean; navigation: { disableChildFrameNavigation: boolean } };
    };
  };
  happyDOM.settings.enableIframePageLoading = happyDOM.settings.navigation.disableChildFrameNavigation = true;
  const clock = fakeClock();
  const ending = new AbortController();
  // A message that still waits for its element would take that of the next test.
  onTestFinished(() => ending.abort());
  const reports: DisplayReport[] = [];
  const posted: unknown[] = [];
  const windows = new WeakMap<HTMLIFrameElement, object>();
  vi.spyOn(HTMLIFrameElement.prototype, 'contentWindow', 'get').mockImplementation(function (
    this: HTMLIFrameElement,
  ) {
    if (!this.isConnected) return null;
    if (!windows.has(this)) windows.set(this, { postMessage: (data: unknown) => void posted.push(data) });
    return windows.get(this) as Window;
  });
  const byId = new Map<string, HTMLIFrameElement>();
  const display = createDisplay({
    frameUrl: '/e/v1/frame/index.html',
    clock,
    colorScheme: 'default',
    ending: ending.signal,
    customAttributes: () => ({ cio_anonymous_id: 'a1' }),
    report: (report) => void reports.push(report),
    ...needs,
  });
  /** Gives the frame that was added to the message, and tells it that it has loaded. */
  function adopt(instanceId: string, before: readonly HTMLIFrameElement[]): void {
    const added = framesIn().find((frame) => !before.includes(frame));
    if (!added || byId.has(instanceId)) return;
    byId.set(instanceId, added);
    added.dispatchEvent(new Event('load'));
  }

  const site: Site = {
    display,
    clock,
    ending,
    reports,
    posted,
    told: () => reports.map(({ type, instanceId }) => `${type} ${instanceId}`),
    show(instanceId, gist = {}) {
      const before = framesIn();
      const message: DisplayMessage = {
        instanceId,
        messageId: `content-${instanceId}`,
        properties: { gist },
      };
      const isShown = display.show(message);
      adopt(instanceId, before);
      return isShown;
    },
    async load(instanceId, gist) {
      const before = framesIn();
      site.show(instanceId, gist);
      // The file of tooltips is loaded with the first one.
      await vi.waitFor(() => {
        adopt(instanceId, before);
        site.frame(instanceId);
      });
    },
    async open(instanceId, gist) {
      await site.load(instanceId, gist);
      site.say(instanceId, 'routeLoaded');
      await clock.advance(100);
      return site.frame(instanceId);
    },
    frame(instanceId) {
      const frame = byId.get(instanceId);
      if (!frame) throw new Error(`no frame of ${instanceId}`);
      return frame;
    },
    say(instanceId, method, parameters) {
      post({ gist: { method, instanceId, parameters } }, site.frame(instanceId).contentWindow);
    },
  };
  return site;
}
