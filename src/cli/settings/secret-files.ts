import { readFileSync } from 'node:fs';
import { VARIABLES } from './variables.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The names of all variables that hold a secret. */
export const SECRETS: readonly string[] = Object.entries(VARIABLES)
  .filter(([, { secret }]) => secret)
  .map(([name]) => name);

/**
 * Reads secrets from files. A secret may be in a file whose path is in `CIO_WRITE_KEY_FILE` and the like: systemd,
 * Docker and Kubernetes hand secrets over in that way, and every user who may list processes can see the variables of a
 * process. `problems`: texts by the name of the variable that cannot be read.
 */
export function withSecretFiles(environment: Environment): {
  readonly environment: Environment;
  readonly problems: ReadonlyMap<string, string>;
} {
  const read: Record<string, string | undefined> = { ...environment };
  const problems = new Map<string, string>();
  for (const name of SECRETS) {
    const file = environment[`${name}_FILE`]?.trim();
    if (!file) continue;
    if (environment[name]?.trim()) {
      problems.set(name, `There must be only one of ${name}, ${name}_FILE.`);
      continue;
    }
    try {
      read[name] = readFileSync(file, 'utf8');
    } catch (error) {
      const { code = 'unreadable' } = error as NodeJS.ErrnoException;
      problems.set(name, `${name}_FILE is "${file}", which cannot be read: ${code}.`);
    }
  }
  return { environment: read, problems };
}
