import type { Command } from './command.ts';
import { UsageError } from './command.ts';
import { COMMANDS, HELP } from './commands.ts';

/** Runs the program with the arguments of the command line, and sets the exit code of the process. */
export async function run([name, ...args]: readonly string[], version: string): Promise<void> {
  const command = name === undefined ? undefined : COMMANDS.get(name);
  try {
    process.exitCode = command ? await runCommand(command, args) : answer(name, version);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${command?.help ?? HELP}`);
    process.exitCode = 2;
  }
}

async function runCommand(command: Command, args: readonly string[]): Promise<number> {
  if (!args.includes('-h') && !args.includes('--help')) return command.run(args);
  console.log(command.help);
  return 0;
}

/** Prints what an option in the place of a command asks for. Returns the exit code. @throws UsageError for all else */
function answer(name: string | undefined, version: string): number {
  if (name === '-h' || name === '--help') console.log(HELP);
  else if (name === '-v' || name === '--version') console.log(version);
  else throw new UsageError(name === undefined ? 'A command is missing.' : `There is no command "${name}".`);
  return 0;
}
