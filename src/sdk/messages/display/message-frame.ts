/**
 * The frame of a message. Its document runs script of the vendor and of authors, so it is sandboxed: without `allow-same-origin` its
 * origin is opaque, and it cannot reach the page, its cookies or its storage. https://html.spec.whatwg.org/#attr-iframe-sandbox
 */
import type { DisplayMessage, DisplayNeeds } from './contract.ts';
import { frameColors, onColorChange } from './frame-colors.ts';
import { type FrameMessage, readFrameMessage } from './frame-protocol.ts';
import type { PageWindow } from './surface.ts';

const SANDBOX = 'allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox';

/**
 * Makes the frame. It is loaded when it is inserted into the page.
 * @param life ends its listeners, so that a late message of a removed frame has no effect
 * @param hear gets what the frame says
 */
export function createMessageFrame(
  page: Document,
  view: PageWindow,
  needs: DisplayNeeds,
  message: DisplayMessage,
  life: AbortSignal,
  hear: (said: FrameMessage) => void,
): HTMLIFrameElement {
  const { messageId, instanceId, properties } = message;
  const frame = page.createElement('iframe');
  frame.setAttribute('sandbox', SANDBOX);
  frame.title = 'Message';
  // The page of the proxy answers with the headers that a cross-origin isolated page needs only when it is asked to.
  frame.src = needs.frameUrl + (view.crossOriginIsolated ? '?coi=1' : '');

  // An opaque origin has no name that a message could be addressed to but `*`.
  const say = (data: unknown): void => frame.contentWindow?.postMessage(data, '*');
  const colors = (): string => frameColors(page, view, needs.colorScheme);

  // The first document may lead to the one that draws: each that loads gets the options.
  frame.addEventListener(
    'load',
    () =>
      say({
        options: {
          endpoint: new URL('e', frame.src).href,
          // The proxy knows the id of the site, and tells it to no browser.
          siteId: '',
          messageId,
          instanceId,
          livePreview: false,
          isEmbed: false,
          properties,
          customAttributes: needs.customAttributes(),
          colorScheme: current,
        },
        capabilities: needs.capabilities ?? [],
      }),
    { signal: life },
  );
  let current = colors();
  onColorChange(page, view, needs.colorScheme, life, () => {
    if (current !== (current = colors())) say({ action: 'updateColorScheme', colorScheme: current });
  });
  view.addEventListener(
    'message',
    ({ source, data }: MessageEvent<unknown>) => {
      // The origin of a sandboxed frame is `null`, as that of many others: only the window tells them apart.
      if (!source || source !== frame.contentWindow) return;
      const said = readFrameMessage(data, instanceId);
      if (said) hear(said);
    },
    { signal: life },
  );
  return frame;
}
