/** The pages of a test site that show in-app messages, under a strict Content Security Policy. */
import { page, type SitePage } from './site-pages.ts';

/** The strictest policy that in-app messages work under. */
export const STRICT_POLICY =
  "default-src 'none'; script-src 'self'; connect-src 'self'; frame-src 'self'; style-src 'self'; img-src 'self' data:; require-trusted-types-for 'script'; trusted-types cio-first-party";

/**
 * The script of these pages: the members' page, and what the visitor and the application get to know of messages.
 *
 * - `heard`: the events `message`, with their time
 * - `messageFrames()`: the connected frames of the SDK, those in shadow roots included
 * - `focused()`: the element that has the focus, also inside shadow roots
 */
const MESSAGES = `
import '/members.js';
window.heard = [];
window.analytics.on('message', (event) => window.heard.push({ ...event, at: Date.now() }));
const framesIn = (root) =>
  [...root.querySelectorAll('*')].flatMap((element) => [
    ...(element.localName === 'iframe' && !element.hasAttribute('data-foreign') ? [element] : []),
    ...(element.shadowRoot ? framesIn(element.shadowRoot) : []),
  ]);
window.messageFrames = () => framesIn(document);
window.focused = () => {
  let found = document.activeElement;
  while (found?.shadowRoot?.activeElement) found = found.shadowRoot.activeElement;
  return found;
};
`;

/** A page with a button before the place of inline messages; `content` follows. */
export const messagePage = (content = '', policy = STRICT_POLICY): SitePage => ({
  headers: { 'Content-Security-Policy': policy },
  body: page(
    'Messages',
    `<h1>Messages</h1><button id="first">A button</button>${content}<script type="module" src="/messages.js"></script>`,
  ),
});

/** The paths of these pages, with the script that they share. */
export const messagePages = (...paths: readonly string[]): Readonly<Record<string, SitePage>> => ({
  '/messages.js': { body: MESSAGES, headers: { 'Content-Type': 'text/javascript' } },
  ...Object.fromEntries(paths.map((path) => [path, messagePage()])),
});
