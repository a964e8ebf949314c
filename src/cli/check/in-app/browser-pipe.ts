/**
 * Talks to a browser by its DevTools protocol. The browser reads and writes pipes instead of a WebSocket, which Node 20 does not have.
 * https://chromedevtools.github.io/devtools-protocol/
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

type Fields = Readonly<Record<string, unknown>>;

/** An event of the browser. `sessionId`: the page or frame to which it belongs. */
export interface BrowserEvent {
  readonly method: string;
  readonly params: unknown;
  readonly sessionId: string | undefined;
}

export interface BrowserPipe {
  /** Sends a command. Resolves with its result. @throws when the browser refuses the command or has ended */
  send(method: string, params?: Fields, sessionId?: string): Promise<unknown>;
  onEvent(listener: (event: BrowserEvent) => void): void;
  /** Ends the browser and deletes its profile. */
  close(): Promise<void>;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

const CLOSE_MS = 3_000;
const FLAGS = [
  '--headless',
  '--remote-debugging-pipe',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-extensions',
  '--disable-sync',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  // The page of the check is at the origin of the real pages, and the proxy may be on this machine.
  '--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests',
];

/** Starts a browser without windows, with a new profile. */
export async function openBrowser(browser: string): Promise<BrowserPipe> {
  const profile = await mkdtemp(join(tmpdir(), 'cio-first-party-check-'));
  // Chromium's own sandbox does not work for root, as in most containers.
  const isRoot = process.getuid?.() === 0;
  const args = [...FLAGS, ...(isRoot ? ['--no-sandbox'] : []), `--user-data-dir=${profile}`, 'about:blank'];
  const child = spawn(browser, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const [, , , input, output] = child.stdio as unknown as [null, null, null, Writable, Readable];
  const waiting = new Map<number, Waiting>();
  const listeners: ((event: BrowserEvent) => void)[] = [];
  let lastId = 0;
  let end: Error | undefined;

  const exited = new Promise<void>((resolve) => {
    const finish = (error: Error): void => {
      end ??= error;
      for (const { reject } of waiting.values()) reject(end);
      waiting.clear();
      resolve();
    };
    child.on('error', finish);
    child.on('exit', (code, signal) => finish(new Error(`it ended with ${signal ?? `code ${code}`}`)));
  });
  // A pipe breaks when the browser ends: the exit says so.
  input.on('error', () => {});
  output.on('error', () => {});

  function receive(text: string): void {
    const { id, result, error, method, params, sessionId } = JSON.parse(text) as {
      readonly id?: number;
      readonly result?: unknown;
      readonly error?: { readonly message?: string };
      readonly method?: string;
      readonly params?: unknown;
      readonly sessionId?: string;
    };
    if (id === undefined) {
      for (const listener of listeners) listener({ method: method ?? '', params, sessionId });
      return;
    }
    const caller = waiting.get(id);
    waiting.delete(id);
    if (error) caller?.reject(new Error(error.message ?? 'refused'));
    else caller?.resolve(result);
  }

  let rest = '';
  output.setEncoding('utf8');
  output.on('data', (chunk: string) => {
    const texts = (rest + chunk).split('\0');
    rest = texts.pop() ?? '';
    for (const text of texts) receive(text);
  });

  function send(method: string, params: Fields = {}, sessionId?: string): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (end) return reject(end);
      lastId += 1;
      waiting.set(lastId, { resolve, reject });
      input.write(`${JSON.stringify({ id: lastId, method, params, ...(sessionId && { sessionId }) })}\0`);
    });
  }

  return {
    send,
    onEvent: (listener) => void listeners.push(listener),
    async close() {
      const kill = setTimeout(() => child.kill('SIGKILL'), CLOSE_MS);
      send('Browser.close').catch(() => {});
      await exited;
      clearTimeout(kill);
      await rm(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }).catch(() => {});
    },
  };
}
