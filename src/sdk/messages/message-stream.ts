import type { Clock } from '../browser.ts';
import type { HandledInboxMessage, QueueMessage } from '../../protocol/messages.ts';
import { MESSAGES_STREAM_PATH } from '../../protocol/wire.ts';
import type { MakeCall } from '../private/contract.ts';

/** A stream of the person's new messages. */
export interface MessageStream {
  close(): void;
}

/** The needs of the opener: the session, and the functions that get what the stream brings. */
export interface MessageStreamNeeds {
  readonly sessionId: string;
  /** Whether the messages were fetched just before. */
  readonly isFresh: boolean;
  onMessages(messages: readonly QueueMessage[]): void;
  onInbox(inbox: readonly HandledInboxMessage[]): void;
  /** Called when the stream is open, and messages may have been sent before: the stream does not repeat them. */
  onMissed(): void;
  /** Called when the proxy has no streams. */
  onUnavailable(): void;
}

/** The parts of the SDK that a stream uses. */
export interface StreamParts {
  readonly clock: Clock;
  readonly make: MakeCall;
  random(): number;
}

/** The wait before the stream is opened again: at random up to this, so that not all browsers come back at the same moment. */
const LONGEST_WAIT_MS = 4_000;
/** After failures in a row, the wait grows to this. */
const MOST_WAIT_MS = 300_000;
/** A stream is silent for 15 seconds at most, because the proxy sends comments. */
const SILENT_MS = 45_000;

/**
 * Keeps a stream open, by `fetch`: an `EventSource` cannot send the token in a header. Ends with the token of the proxy's stream, and
 * opens the next one with a fresh token.
 */
export function createMessageStream(
  { clock, make, random }: StreamParts,
  needs: MessageStreamNeeds,
): MessageStream {
  const control = new AbortController();
  const { signal } = control;
  let failures = 0;
  let { isFresh } = needs;

  function handle(block: string): void {
    const [, name = ''] = /^event: ?(\w+)/m.exec(block) ?? [];
    const [, data = ''] = /^data: ?(.*)/m.exec(block) ?? [];
    if (name === 'connected') {
      failures = 0;
      if (!isFresh) needs.onMissed();
      isFresh = false;
    }
    if (name === 'messages') needs.onMessages(JSON.parse(data) as readonly QueueMessage[]);
    if (name === 'inbox_messages') needs.onInbox(JSON.parse(data) as readonly HandledInboxMessage[]);
    // The service ends a stream that has lasted long enough.
    if (name === 'ttl_exceeded') throw new Error(name);
  }

  async function read(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = '';
    for (;;) {
      const stop = clock.after(SILENT_MS, () => void reader.cancel().catch(() => undefined));
      const { done, value } = await reader.read().finally(stop);
      if (done || signal.aborted) return;
      rest += decoder.decode(value, { stream: true });
      const blocks = rest.split('\n\n');
      rest = blocks.pop() ?? '';
      blocks.forEach(handle);
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        const path = `${MESSAGES_STREAM_PATH}?sessionId=${needs.sessionId}`;
        const init = { method: 'GET', headers: { Accept: 'text/event-stream' }, signal };
        const response = await make({ path, init, isRead: true }, (each) => each);
        if (response.status === 404) return needs.onUnavailable();
        const reader = response.ok ? response.body?.getReader() : undefined;
        try {
          if (reader) await read(reader);
        } finally {
          reader?.cancel().catch(() => undefined);
        }
      } catch {
        // The stream was cut, or there is no token: it is opened again.
      }
      const waitMs = Math.min(MOST_WAIT_MS, LONGEST_WAIT_MS * 2 ** Math.max(0, failures++ - 1));
      await new Promise<void>((resolve) => {
        const stop = clock.after(random() * waitMs, resolve);
        signal.addEventListener('abort', () => {
          stop();
          resolve();
        });
      });
    }
  }
  void run();

  return { close: () => control.abort() };
}

/** The name by which the lists' file imports this one. All lazy files share it, because a repeated name costs few bytes. */
export { createMessageStream as create };
