/** A page with the frame of a message that nobody has sent: no request about it leaves the page, so it is in no count. */
import { gzipSync } from 'node:zlib';

/** The name of the function by which the page reports to the check. */
export const REPORT = 'cioFirstPartyCheck';
export const INSTANCE_ID = 'cio-first-party-check';

/** The sandbox of the SDK's frames. */
const SANDBOX = 'allow-scripts allow-forms allow-popups allow-popups-to-escape-sandbox';
const HTML =
  '<!doctype html><html><head><title>A message</title></head><body><p>cio-first-party check</p></body></html>';

/** Options of a message, as the SDK posts them to the frame. */
const optionsFor = (frameUrl: URL): object => ({
  endpoint: new URL('e', frameUrl).href,
  siteId: '',
  messageId: `gist-html-${INSTANCE_ID}`,
  instanceId: INSTANCE_ID,
  livePreview: false,
  isEmbed: false,
  properties: {
    gist: {
      encodedMessageHtml: gzipSync(HTML).toString('base64'),
      position: 'center',
    },
  },
  customAttributes: {},
  colorScheme: 'light',
});

/**
 * Makes the page. It reports `{ inserted: true }` when the frame is in the page, then `{ said }` for each message of the frame.
 *
 * @param frameUrl the page of the renderer at the proxy
 */
export function pageWithFrame(frameUrl: URL): string {
  const data = { frameUrl: frameUrl.href, message: { options: optionsFor(frameUrl), capabilities: [] } };
  // The icon is empty: browsers ask the site for one otherwise.
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>cio-first-party check</title><link rel="icon" href="data:,"><body><script>
const { frameUrl, message } = ${JSON.stringify(data).replaceAll('<', '\\u003c')};
const report = (content) => { try { ${REPORT}(JSON.stringify(content)); } catch {} };
const frame = document.createElement('iframe');
frame.setAttribute('sandbox', '${SANDBOX}');
frame.addEventListener('load', () => frame.contentWindow.postMessage(message, '*'));
addEventListener('message', ({ source, data }) => { if (source === frame.contentWindow) report({ said: data }); });
frame.src = frameUrl;
document.body.append(frame);
report({ inserted: true });
</script></body></html>`;
}
