import { checkCommand } from './check/check-command.ts';
import type { Command } from './command.ts';
import { forwardCommand } from './forward/forward-command.ts';
import { migrateCommand } from './migrate/migrate-command.ts';
import { proxyCommand } from './proxy/proxy-command.ts';
import { snippetCommand } from './snippet/snippet-command.ts';

/** The commands of the program, by name. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map([
  ['proxy', proxyCommand],
  ['forward', forwardCommand],
  ['check', checkCommand],
  ['snippet', snippetCommand],
  ['migrate', migrateCommand],
]);

/** The text of `cio-first-party --help`. */
export const HELP: string = `Usage: cio-first-party <command>

Commands:
${[...COMMANDS].map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`).join('\n')}

  -h, --help      this text, or that of a command
  -v, --version   the version of the package`;
