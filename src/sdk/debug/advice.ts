/**
 * The texts of the warnings in the console. This file is loaded with the first warning, and only after the visitor has agreed: before
 * that, the SDK makes no request.
 */
import { docsPage, errorPage } from '../../protocol/links.ts';

/** The parts of a page that the texts name. */
interface AdviceFacts {
  readonly proxyUrl: string;
  /** Origin of the page, such as `https://shop.example.com`. */
  readonly origin: string;
}

type Advice = (message: string, facts: AdviceFacts) => string;

const check = ({ proxyUrl, origin }: AdviceFacts): string => {
  const from = proxyUrl.startsWith(`${origin}/`) ? '' : ` --origin ${origin}`;
  return `To find the cause, run: npx cio-first-party check ${proxyUrl}${from}`;
};

/** Completes the message of an error, or of the event `blocked`, by its meaning and its remedy. The keys are codes. */
const ADVICE: Readonly<Record<string, Advice>> = {
  blocked: (message, facts) =>
    `the proxy is blocked: ${message}. Events are kept, and tried again. Usual causes: an ad blocker; "origins" of the proxy lacks ` +
    `${facts.origin} (CORS); the Content-Security-Policy of the page lacks the proxy in "connect-src"; the proxy does not run; http ` +
    `and https are mixed up. ${check(facts)}`,
  'invalid-client-key': (message, { origin }) => {
    const refused = `${message}. Events are kept, and tried again`;
    const key = 'add the "clientKey" of this page to "clientKeys" of createProxy, or to CIO_CLIENT_KEYS';
    const list = `add ${origin} to "origins" of createProxy, or to CIO_ORIGINS`;
    if (message.endsWith('403'))
      return `${refused}. The proxy does not allow the origin of this page: ${list}`;
    if (!message.endsWith('401')) return `${refused}. Either ${key}; or ${list}`;
    return `${refused}. The proxy does not know the client key, or a server in front of it asks for a password: ${key}`;
  },
  'not-a-proxy': (message, facts) => `${message}. ${check(facts)}`,
  'endpoint-refuses': (message, facts) => `${message}. ${check(facts)}`,
  'storage-unavailable': (message) =>
    message.startsWith('IndexedDB')
      ? `${message}: the browser refuses IndexedDB, or its disk is full. Events wait in memory, and those that are unsent when the page ` +
        'closes may be lost. The SDK tries IndexedDB again by itself'
      : `${message}. Other events are not affected`,
  'plugin-failed': (message) =>
    `${message}: this code of the page has failed, or was called wrongly. The SDK continues. Where an error follows, its stack shows the place`,
};

const PAGES: Readonly<Record<string, string>> = {
  blocked: docsPage('troubleshooting.md#the-console-says-the-proxy-is-blocked'),
};

/**
 * Returns the whole text of a warning: what has happened, what it means, what to do, and the page of the documentation.
 * @param code the code of the error, or `blocked`
 * @param message the message of the error, which names the place
 */
export function advise(code: string, message: string, proxyUrl: string, pageUrl: string): string {
  const text = ADVICE[code]?.(message, { proxyUrl, origin: new URL(pageUrl).origin }) ?? message;
  return `${text}. ${PAGES[code] ?? errorPage(code)}`;
}

/** The first load imports this file by this name. */
export { advise as create };
