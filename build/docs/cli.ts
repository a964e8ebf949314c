/** The help texts of the command line. */
import { COMMANDS, HELP } from '../../src/cli/commands.ts';

const block = (help: string): string => `\`\`\`text\n${help}\n\`\`\``;

export function helpTexts(): string {
  const commands = [...COMMANDS].map(([name, { help }]) => `### cio-first-party ${name}\n\n${block(help)}`);
  return [block(HELP), ...commands].join('\n\n');
}
