import type { Refusal } from '../../http/response.ts';
import type { Bytes } from '../../lib/bytes.ts';

/** A file as the proxy serves it, with its URLs rewritten. */
export interface FrameFile {
  readonly kind: 'file';
  readonly type: string;
  readonly bytes: Bytes;
  /** Whether the URL has the version in it, so that the content never changes. */
  readonly isImmutable: boolean;
}

/** Remembers files, so that not every visitor costs a request to the servers of the renderer. */
export interface FileCache {
  /** The file of `key`: a remembered one, otherwise that of `load`. Requests at the same time share one call of `load`. */
  get(key: string, load: () => Promise<FrameFile | Refusal>): Promise<FrameFile | Refusal>;
}

interface Entry {
  readonly file: FrameFile;
  readonly freshUntilMs: number;
  readonly staleUntilMs: number;
}

const MOST_BYTES = 16_000_000;
/** A larger file is not remembered: it would push out all others. */
const MOST_FILE_BYTES = 4_000_000;
const DAY_MS = 86_400_000;
const FRESH_MS = 300_000;

export function createFileCache(): FileCache {
  const entries = new Map<string, Entry>();
  const loading = new Map<string, Promise<FrameFile | Refusal>>();
  let bytes = 0;

  function forget(key: string): void {
    bytes -= entries.get(key)?.file.bytes.length ?? 0;
    entries.delete(key);
  }

  function remember(key: string, file: FrameFile): void {
    forget(key);
    if (file.bytes.length > MOST_FILE_BYTES) return;
    const nowMs = Date.now();
    const freshUntilMs = nowMs + (file.isImmutable ? DAY_MS : FRESH_MS);
    entries.set(key, { file, freshUntilMs, staleUntilMs: freshUntilMs + DAY_MS });
    bytes += file.bytes.length;
    for (const oldest of entries.keys()) {
      if (bytes <= MOST_BYTES) break;
      forget(oldest);
    }
  }

  async function loadOnce(
    key: string,
    load: () => Promise<FrameFile | Refusal>,
  ): Promise<FrameFile | Refusal> {
    const pending = loading.get(key) ?? load().finally(() => loading.delete(key));
    loading.set(key, pending);
    const file = await pending;
    if (file.kind === 'file') remember(key, file);
    return file;
  }

  return {
    async get(key, load) {
      const known = entries.get(key);
      if (known && Date.now() < known.freshUntilMs) return known.file;
      const file = await loadOnce(key, load);
      // A renderer that is a day old draws messages; one that does not come draws none.
      const isDown = file.kind === 'refused' && file.status >= 500;
      return isDown && known && Date.now() < known.staleUntilMs ? known.file : file;
    },
  };
}
