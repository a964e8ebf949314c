import { parseArgs, type ParseArgsConfig } from 'node:util';

/** A command of the program. A new command is a file that exports one, and a line in `commands.ts`. */
export interface Command {
  /** The purpose of the command, in a few words. */
  readonly summary: string;
  /** The text of `--help`. */
  readonly help: string;
  /**
   * Runs the command until it is done. Returns the exit code: 0 for success, 1 for failure. `args`: the arguments after
   * the name of the command. @throws UsageError when the arguments are wrong
   */
  run(args: readonly string[]): Promise<number>;
}

/** The program was called with wrong arguments. Its exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Reads arguments, and refuses unknown ones. `adviceFor`: a sentence about an option that the command does not have,
 * such as what to use instead. @throws UsageError when the arguments are wrong
 */
export function parseArguments<Config extends ParseArgsConfig>(
  config: Config,
  adviceFor: (option: string) => string | undefined = () => undefined,
): ReturnType<typeof parseArgs<Config>> {
  try {
    return parseArgs(config);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // The rest of Node's message is about arguments that begin with a dash, which no command takes.
    const [unknown, option] = /^Unknown option '-+([^']+)'/.exec(message) ?? [];
    if (unknown === undefined || option === undefined) throw new UsageError(message);
    throw new UsageError(`${unknown}. ${adviceFor(option) ?? ''}`.trim());
  }
}
