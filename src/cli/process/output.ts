import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { within } from '../../proxy/lib/timeouts.ts';

/**
 * Where a command that runs for long writes its lines. Nothing that happens to the log ends the process: the reader has gone
 * (EPIPE), the disk is full (ENOSPC), or nobody reads, which costs a bounded number of bytes. Lines that could not be written
 * are counted, and the next line that can be written tells how many they were.
 */
export interface Output {
  text(line: string): void;
  entry(entry: object): void;
  /** How many lines were lost since the start. */
  lost(): number;
  /** Waits for what is not written yet, for a second at most. `false`: some of it is not, and would keep the process alive. */
  flush(): Promise<boolean>;
}

/** The file descriptor of the standard output. */
const STDOUT = 1;
/** Lines that wait for their reader, in bytes. */
const MOST_WAITING_BYTES = 1_048_576;
const FLUSH_MS = 1_000;

/** What takes the text of one or more lines. `false`: it was not written. */
type Write = (text: string) => boolean;

/** One that writes to the standard output of this process. */
export function createOutput(): Output {
  const { stdout, stderr } = process;
  // Without a listener, an error of these ends the process.
  stderr.on('error', () => {});
  const write = stdout instanceof Socket ? throughPipe(stdout, told) : intoFile(STDOUT);
  let lost = 0;
  let untold = 0;

  /** Tells of the lines that are missing, once more can be written. */
  function told(): void {
    if (untold === 0) return;
    const entry = { time: new Date().toISOString(), linesLost: untold };
    if (write(`${JSON.stringify(entry)}\n`)) untold = 0;
  }

  function text(line: string): void {
    told();
    if (untold === 0 && write(`${line}\n`)) return;
    lost += 1;
    untold += 1;
  }

  return {
    text,
    entry: (entry) => text(JSON.stringify(entry)),
    lost: () => lost,
    async flush() {
      if (stdout.writableLength === 0 || stdout.destroyed) return true;
      const empty = new Promise<void>((resolve) => void stdout.write('', () => resolve()));
      return within(FLUSH_MS, () => empty).then(
        () => true,
        () => false,
      );
    },
  };
}

function throughPipe(pipe: NodeJS.WriteStream, onDrained: () => void): Write {
  pipe.on('error', () => {});
  pipe.on('drain', onDrained);
  return (text) => {
    if (pipe.destroyed || !pipe.writable || pipe.writableLength > MOST_WAITING_BYTES) return false;
    pipe.write(text);
    return true;
  };
}

/**
 * Written without Node's stream, which after one error keeps everything that comes, for ever: a disk that was full may have
 * room again.
 */
function intoFile(file: number): Write {
  let isBroken = false;
  return (text) => {
    // The rest of a line that was written in part is missing: what comes now begins a line of its own.
    const bytes = Buffer.from(isBroken ? `\n${text}` : text);
    let written = 0;
    try {
      while (written < bytes.length) written += writeSync(file, bytes, written);
      isBroken = false;
      return true;
    } catch {
      isBroken ||= written > 0;
      return false;
    }
  };
}
