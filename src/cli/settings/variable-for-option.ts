import { nearest } from './edit-distance.ts';
import type { Variable } from './variable.ts';

/**
 * Returns a sentence about the environment variable that sets what a missing option such as `--port` asks for;
 * `undefined` where no variable has a similar name.
 */
export function variableFor(
  option: string,
  variables: Readonly<Record<string, Variable>>,
  command: 'proxy' | 'forward',
): string | undefined {
  const name = option.toUpperCase().replaceAll('-', '_');
  const names = Object.keys(variables);
  const known =
    names.find((each) => each === name || each === `CIO_${name}`) ??
    nearest(`CIO_${name}`, names, Math.floor(name.length / 4));
  if (known === undefined) return undefined;
  const { secret } = variables[known] ?? {};
  const setter = secret ? `${known} (or the file that ${known}_FILE names)` : known;
  const example = known === 'PORT' ? `, e.g. PORT=3000 cio-first-party ${command}` : '';
  return `The environment variable ${setter} sets the ${option.replaceAll('-', ' ')}${example}.`;
}
