/** A command of the program. A new command is a file that exports one, and a line in `commands.ts`. */
export interface Command {
  /** The purpose of the command, in a few words. */
  readonly summary: string;
  /** The text of `--help`. */
  readonly help: string;
  /**
   * Runs the command until it is done. Returns the exit code: 0 for success, 1 for failure. `args`: the arguments after
   * the name of the command.
   */
  run(args: readonly string[]): Promise<number>;
}

/** The program was called with wrong arguments. Its exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
