import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { within } from '../../proxy/lib/timeouts.ts';

/**
 * Writes the lines of a long-running command. No error of the log ends the process: neither a closed pipe (EPIPE), nor
 * a full disk (ENOSPC), nor a reader that stops reading, which costs a bounded number of bytes. Lines that could not be
 * written are counted, and their number is written as soon as a line can be written again.
 */
export interface Output {
  /** Writes a line of text. */
  text(line: string): void;
  /** Writes a line of JSON. */
  entry(entry: object): void;
  /** Returns the number of lines that were lost since the start. */
  lost(): number;
  /**
   * Waits for pending lines, for a second at most. Returns false when some are still not written, which would keep the
   * process alive.
   */
  flush(): Promise<boolean>;
}

/** The file descriptor of the standard output. */
const STDOUT = 1;
/** The most bytes of lines that wait for their reader. */
const MOST_WAITING_BYTES = 1_048_576;
const FLUSH_MS = 1_000;

/** Writes the text of one or more lines. Returns false when it was not written. */
type Write = (text: string) => boolean;

/** Creates an output to the standard output of this process. */
export function createOutput(): Output {
  const { stdout, stderr } = process;
  // Without a listener, an error of the stream ends the process.
  stderr.on('error', () => {});
  const write = stdout instanceof Socket ? throughPipe(stdout, reportLost) : intoFile(STDOUT);
  let lost = 0;
  let unreported = 0;

  /** Writes the number of lost lines, when writing works again. */
  function reportLost(): void {
    if (unreported === 0) return;
    const entry = { time: new Date().toISOString(), linesLost: unreported };
    if (write(`${JSON.stringify(entry)}\n`)) unreported = 0;
  }

  function text(line: string): void {
    reportLost();
    if (unreported === 0 && write(`${line}\n`)) return;
    lost += 1;
    unreported += 1;
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
 * Writes without Node's stream. After one error, that stream keeps all later lines in memory for ever; but a full disk
 * may have room again later.
 */
function intoFile(file: number): Write {
  let isBroken = false;
  return (text) => {
    // A line was written only in part: this text begins on a new line.
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
