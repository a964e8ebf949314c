/** One command of the program. A new one is a file that exports this, and a line in `index.ts`. */
export interface Command {
  /** What it does, in a few words. */
  readonly summary: string;
  /** Told by `--help`. */
  readonly help: string;
  /** Runs until it is done. Answers the exit code: 0 done, 1 failed. `args`: what came after the command's name. */
  run(args: readonly string[]): Promise<number>;
}

/** The program was called in a way that it does not know. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
