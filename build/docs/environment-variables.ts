/** The list of the environment variables of the commands `proxy` and `forward`. */
import { FORWARD_VARIABLES, VARIABLES } from '../../src/cli/settings/variables.ts';
import type { Variable } from '../../src/cli/settings/variable.ts';

export function environmentVariables(): string {
  return Object.entries(VARIABLES)
    .map(([name, variable]) => `- \`${name}\`: ${factsOf(name, variable).join('. ')}.`)
    .join('\n');
}

function factsOf(name: string, { must, option, preset, secret }: Variable): readonly string[] {
  const facts = [withCode(must)];
  facts.push(preset === undefined ? '**Required**' : `Default: ${withCode(preset)}`);
  if (option !== undefined) facts.push(`Option: \`${option}\``);
  if (secret) facts.push(`Secret, or in the file that \`${name}_FILE\` names`);
  facts.push(name in FORWARD_VARIABLES ? 'Commands: `proxy`, `forward`' : 'Command: `proxy`');
  return facts;
}

/** Puts URLs, names of variables and special characters of markdown into code spans. */
const withCode = (text: string): string =>
  text.replaceAll(/[^\s,;()]*(?::\/\/|@)(?:[^\s;()]*[^\s,;()])?|\b(?:CIO|NATS)_[A-Z_]+\b|\*|\\n/g, '`$&`');
