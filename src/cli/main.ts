#!/usr/bin/env node
import { createRequire } from 'node:module';
import { UsageError } from './command.ts';
import { COMMANDS, HELP } from './commands.ts';

async function main([name, ...args]: readonly string[]): Promise<number> {
  if (name === '-h' || name === '--help') {
    console.log(HELP);
    return 0;
  }
  if (name === '-v' || name === '--version') {
    console.log(version());
    return 0;
  }
  if (name === undefined) throw new UsageError('A command is missing.');
  const command = COMMANDS.get(name);
  if (command === undefined) throw new UsageError(`There is no command "${name}".`);
  if (args.includes('-h') || args.includes('--help')) {
    console.log(command.help);
    return 0;
  }
  return command.run(args);
}

function version(): string {
  // The package imports itself by name: this resolves to the same file from the sources and from `dist`.
  const { version } = createRequire(import.meta.url)('cio-first-party/package.json') as { version: string };
  return version;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${HELP}`);
  process.exitCode = 2;
}
