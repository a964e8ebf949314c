import { isRecord } from '../../../proxy/lib/is-record.ts';
import { readFrameMessage } from '../../../sdk/messages/display/frame-protocol.ts';
import { type BrowserEvent, type BrowserPipe, openBrowser } from './browser-pipe.ts';
import { INSTANCE_ID, pageWithFrame, REPORT } from './sample-message.ts';

/** The events of the frame that a browser has reported. */
export interface FrameObservation {
  /** `silent`: the frame has not said `routeLoaded` in time. */
  readonly outcome: 'loaded' | 'failed' | 'silent';
  /** The time from the insertion of the frame to its answer, in milliseconds. */
  readonly afterMs: number;
  /** The names of the messages of the frame, in their order. */
  readonly said: readonly string[];
  /** Errors that no script of the frame has caught. */
  readonly exceptions: readonly string[];
  /** URLs that a policy has blocked. */
  readonly blocked: readonly URL[];
  /** Why the browser has refused to show the frame; undefined when it has not. */
  readonly refusal: string | undefined;
}

/** The SDK removes a frame that is not ready after this time. */
export const READY_MS = 5_000;
/** The time after `routeLoaded` in which requests are still observed, in milliseconds. */
const REST_MS = 300;
const START_MS = 30_000;

/** Returns the field of an object at a path; undefined without it. */
function fieldAt(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((found, name) => (isRecord(found) ? found[name] : undefined), value);
}

const textAt = (value: unknown, ...path: readonly string[]): string => {
  const found = fieldAt(value, ...path);
  return typeof found === 'string' ? found : '';
};

/** Makes a text of the renderer safe to print: one line without control characters. */
const printable = (text: string): string =>
  (text.split('\n')[0] ?? '').replace(/[^\x20-\x7e\u00a0-\uffff]/g, ' ').slice(0, 200);

/**
 * Opens a page of `origin` with the frame of a sample message. The page does not come from the site: the browser gets it from the check,
 * so that the site is asked for nothing. @throws when the browser does not start
 */
export async function watchFrame(browser: string, origin: string, frameUrl: URL): Promise<FrameObservation> {
  const pipe = await openBrowser(browser);
  const observer = createObserver();
  const timer = setTimeout(() => observer.give(new Error(`no page within ${START_MS} ms`)), START_MS);
  try {
    const opening = openPage(pipe, `${origin}/cio-first-party-check`, frameUrl, observer.take);
    await Promise.all([opening, observer.inserted]);
    return await observer.result();
  } finally {
    clearTimeout(timer);
    await pipe.close();
  }
}

/** Opens the page, and passes the events of the page and of its frames. */
async function openPage(
  pipe: BrowserPipe,
  pageUrl: string,
  frameUrl: URL,
  take: (event: BrowserEvent) => void,
): Promise<void> {
  async function enable(sessionId: string): Promise<void> {
    const commands = ['Runtime.enable', 'Network.enable', 'Log.enable'];
    await Promise.all(commands.map((command) => pipe.send(command, {}, sessionId)));
    // A frame without an origin may be a process, and a session, of its own.
    const attach = { autoAttach: true, waitForDebuggerOnStart: true, flatten: true };
    await pipe.send('Target.setAutoAttach', attach, sessionId);
    await pipe.send('Runtime.runIfWaitingForDebugger', {}, sessionId);
  }

  pipe.onEvent((event) => {
    const { method, params, sessionId } = event;
    if (method === 'Target.attachedToTarget') {
      enable(textAt(params, 'sessionId')).catch(() => {});
    } else if (method === 'Fetch.requestPaused') {
      const response = {
        requestId: textAt(params, 'requestId'),
        responseCode: 200,
        responseHeaders: [{ name: 'Content-Type', value: 'text/html; charset=utf-8' }],
        body: Buffer.from(pageWithFrame(frameUrl)).toString('base64'),
      };
      pipe.send('Fetch.fulfillRequest', response, sessionId).catch(() => {});
    } else take(event);
  });
  const created = await pipe.send('Target.createTarget', { url: 'about:blank' });
  const attached = await pipe.send('Target.attachToTarget', {
    targetId: textAt(created, 'targetId'),
    flatten: true,
  });
  const sessionId = textAt(attached, 'sessionId');
  await pipe.send('Runtime.addBinding', { name: REPORT }, sessionId);
  await pipe.send('Fetch.enable', { patterns: [{ urlPattern: pageUrl }] }, sessionId);
  await pipe.send('Page.navigate', { url: pageUrl }, sessionId);
}

/** A promise that is settled from outside. Node 20 has no `Promise.withResolvers`. */
interface Signal {
  readonly given: Promise<void>;
  give(): void;
  refuse(error: Error): void;
}

function signal(): Signal {
  let give: () => void = () => {};
  let refuse: (error: Error) => void = () => {};
  const given = new Promise<void>((resolve, reject) => {
    give = resolve;
    refuse = reject;
  });
  return { given, give: () => give(), refuse: (error) => refuse(error) };
}

interface Observer {
  /** Resolves when the frame is in the page. */
  readonly inserted: Promise<void>;
  take(event: BrowserEvent): void;
  /** Ends the wait for the page. */
  give(error: Error): void;
  /** Waits for the answer of the frame, for five seconds at most. */
  result(): Promise<FrameObservation>;
}

function createObserver(): Observer {
  const said: string[] = [];
  const exceptions: string[] = [];
  const blocked = new Map<string, URL>();
  const requests = new Map<string, string>();
  let refusal: string | undefined;
  let insertedAtMs = 0;
  let answer: { readonly outcome: 'loaded' | 'failed'; readonly afterMs: number } | undefined;
  const start = signal();
  const end = signal();

  const block = (url: string): void => {
    if (/^https?:/.test(url) && URL.canParse(url)) blocked.set(url, new URL(url));
  };

  function hear(payload: string): void {
    const report: unknown = JSON.parse(payload);
    if (fieldAt(report, 'inserted') === true) {
      insertedAtMs = performance.now();
      start.give();
      return;
    }
    const data = fieldAt(report, 'said');
    const method = textAt(data, 'gist', 'method');
    const isForeign = textAt(data, 'gist', 'instanceId') !== INSTANCE_ID;
    if (/^\w{1,40}$/.test(method)) said.push(isForeign ? `${method} for another message` : method);
    const message = readFrameMessage(data, INSTANCE_ID)?.method;
    if (message !== 'loaded' && message !== 'failed') return;
    answer ??= { outcome: message, afterMs: Math.round(performance.now() - insertedAtMs) };
    end.give();
  }

  function take({ method, params }: BrowserEvent): void {
    if (method === 'Runtime.bindingCalled') hear(textAt(params, 'payload'));
    if (method === 'Runtime.exceptionThrown') {
      const details = fieldAt(params, 'exceptionDetails');
      const text = textAt(details, 'exception', 'description') || textAt(details, 'text');
      exceptions.push(printable(text));
    }
    if (method === 'Network.requestWillBeSent')
      requests.set(textAt(params, 'requestId'), textAt(params, 'request', 'url'));
    if (method === 'Network.loadingFailed' && textAt(params, 'blockedReason') === 'csp')
      block(requests.get(textAt(params, 'requestId')) ?? '');
    if (method === 'Network.loadingFailed' && textAt(params, 'type') === 'Document')
      refusal ??= printable(textAt(params, 'errorText'));
    if (method === 'Log.entryAdded' && textAt(params, 'entry', 'source') === 'security') {
      const text = textAt(params, 'entry', 'text');
      if (/^(?:Framing|Refused to (?:display|frame))/.test(text)) refusal = printable(text);
      else block(/'(https?:\/\/[^'\s]+)'[^]*? violates /.exec(text)?.[1] ?? '');
    }
  }

  return {
    inserted: start.given,
    take,
    give: (error) => start.refuse(error),
    async result() {
      await Promise.race([end.given, pause(READY_MS - (performance.now() - insertedAtMs))]);
      await pause(REST_MS);
      const { outcome, afterMs } = answer ?? { outcome: 'silent' as const, afterMs: READY_MS };
      return { outcome, afterMs, said, exceptions, blocked: [...blocked.values()], refusal };
    },
  };
}

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, Math.max(0, ms));
  });
