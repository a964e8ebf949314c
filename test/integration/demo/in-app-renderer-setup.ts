/** Runs the script of the stand-in renderer, as it is served, in a page without a browser. */
import { compileFunction } from 'node:vm';
import { Window } from 'happy-dom';
import { expect } from 'vitest';
import type { RendererVariant } from '../../../demo/pipelines/in-app/settings.ts';
import { type GistProperties, message } from '../../support/site/in-app-message.ts';
import type { Running } from './in-app-setup.ts';

export interface Posted {
  readonly method: string;
  readonly instanceId: string | undefined;
  readonly parameters?: Readonly<Record<string, unknown>>;
}

export interface Renderer {
  readonly window: Window;
  readonly posted: readonly Posted[];
  methods(): readonly string[];
  /** Posts as the site does. */
  post(data: unknown, isSite?: boolean): void;
  /** Posts the options of a message, and waits for what the renderer posts. */
  open(html: string, more?: Options): Promise<void>;
  click(selector: string): void;
  text(): string;
}

export interface Options {
  readonly gist?: GistProperties;
  readonly messageId?: string;
  readonly capabilities?: readonly string[];
  readonly stepId?: string;
  /** The method that the renderer posts last; `null`: it posts nothing. @default 'sizeChanged' */
  readonly waitFor?: string | null;
  readonly colorScheme?: string;
}

/** A busy machine may need more than the second that is the default. */
const PATIENT = { timeout: 10_000 };
const windows: Window[] = [];

export async function closeWindows(): Promise<void> {
  for (const window of windows.splice(0)) await window.happyDOM.close();
}

/** Loads the page of a variant, and runs its script. */
export async function load(
  { origin, standIn }: Running,
  variant: RendererVariant = 'V1',
  isOpaque = false,
): Promise<Renderer> {
  await standIn.rendererVariant(variant);
  const page = await (await fetch(`${origin}/renderer/9.9.9/index.html`)).text();
  const script = await (await fetch(`${origin}/renderer/9.9.9/main.min.js`)).text();
  const window = new Window({ url: `${origin}/renderer/9.9.9/index.html` });
  windows.push(window);
  // The script below is run by the test itself.
  window.document.write(page.replace(/<script[^]*?<\/script>|<link[^>]*>/g, ''));
  const posted: Posted[] = [];
  const site = { postMessage: ({ gist }: { gist: Posted }) => void posted.push(gist) };
  Object.defineProperty(window, 'parent', { value: site });
  if (isOpaque)
    Object.defineProperty(window, 'localStorage', {
      get() {
        throw new DOMException('The document is sandboxed', 'SecurityError');
      },
    });
  const globals = { window, document: window.document, DOMParser: window.DOMParser, fetch: offline };
  (compileFunction(script, Object.keys(globals)) as (...values: unknown[]) => void)(
    ...Object.values(globals),
  );

  const post = (data: unknown, isSite = true): void => {
    const event = new window.MessageEvent('message', { data });
    Object.defineProperty(event, 'source', { value: isSite ? site : window });
    window.dispatchEvent(event);
  };
  return {
    window,
    posted,
    methods: () => posted.map(({ method }) => method),
    post,
    async open(html, { gist, messageId, capabilities = [], waitFor = 'sizeChanged', ...more } = {}) {
      const { properties, messageId: id } = message({
        html,
        ...(gist && { gist }),
        ...(messageId && { messageId }),
      });
      const before = posted.length;
      post({ options: { instanceId: 'i1', messageId: id, properties, ...more }, capabilities });
      if (waitFor === null) await new Promise((resolve) => setTimeout(resolve, 50));
      else
        await expect.poll(() => posted.slice(before).map(({ method }) => method), PATIENT).toContain(waitFor);
    },
    click: (selector) => (window.document.querySelector(selector) as unknown as HTMLElement).click(),
    text: () => window.document.getElementById('message')?.textContent ?? '',
  };
}

/** The URLs that renderers have fetched. */
export const asked: string[] = [];
async function offline(url: string): Promise<Response> {
  asked.push(url);
  throw new TypeError('Failed to fetch');
}
