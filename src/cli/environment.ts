import { findProblems } from '../proxy/check-options.ts';
import type { ProxyOptions } from '../proxy/index.ts';
import { isRedisUrl } from './redis.ts';
import { withSecretFiles } from './secret-files.ts';
import { VARIABLES } from './variables.ts';

/** What the environment says: a proxy to run, or all that keeps it from running. */
export type Reading =
  | {
      readonly kind: 'ready';
      readonly options: ProxyOptions;
      readonly host: string | undefined;
      readonly port: number;
      readonly graceMs: number;
      readonly redisUrl: string | undefined;
    }
  | { readonly kind: 'unusable'; readonly problems: readonly string[] };

/** Reads every variable before it answers, so that everything wrong can be corrected at once. */
export function readEnvironment(given: Readonly<Record<string, string | undefined>>): Reading {
  const { environment, problems: unread } = withSecretFiles(given);
  // Compose files and shells set a variable to nothing when they mean that it is not set.
  const textOf = (name: string): string | undefined => environment[name]?.trim() || undefined;

  const options: Record<string, unknown> = {};
  const nameOf = new Map<string, string>();
  for (const [name, { option, read = String }] of Object.entries(VARIABLES)) {
    const text = textOf(name);
    if (option === undefined) continue;
    nameOf.set(option, name);
    if (text !== undefined) put(options, option.split('.'), read(text));
  }

  const wrong = findProblems(options).filter(({ option }) => !unread.has(nameOf.get(option) ?? option));
  const told = wrong.map(({ option, kind, problem, choices }) => {
    const name = nameOf.get(option) ?? option;
    if (choices)
      return `There must be exactly one of ${choices.map((each) => nameOf.get(each) ?? each).join(', ')}.`;
    return kind === 'exposed' ? `${name} ${problem}.` : complaint(name, textOf(name));
  });
  const problems = [...unread.values(), ...told];
  const port = textOf('PORT') ?? VARIABLES['PORT']?.preset ?? '';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) problems.push(complaint('PORT', port));
  const grace = textOf('CIO_STOP_TIMEOUT_MS') ?? VARIABLES['CIO_STOP_TIMEOUT_MS']?.preset ?? '';
  if (!/^\d{1,6}$/.test(grace)) problems.push(complaint('CIO_STOP_TIMEOUT_MS', grace));

  const redisUrl = textOf('CIO_REDIS_URL');
  if (redisUrl !== undefined && !isRedisUrl(redisUrl)) problems.push(complaint('CIO_REDIS_URL', redisUrl));

  if (problems.length > 0) return { kind: 'unusable', problems };
  // Nothing was wrong with them.
  return {
    kind: 'ready',
    options: options as unknown as ProxyOptions,
    host: textOf('HOST'),
    port: Number(port),
    graceMs: Number(grace),
    redisUrl,
  };
}

function put(options: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [name = '', ...rest] = path;
  if (rest.length === 0) {
    options[name] = value;
    return;
  }
  const group = (options[name] ?? {}) as Record<string, unknown>;
  options[name] = group;
  put(group, rest, value);
}

function complaint(name: string, text: string | undefined): string {
  const { must, secret } = VARIABLES[name] ?? { must: 'something else' };
  if (text === undefined) return `${name} is missing: it must be ${must}.`;
  return `${name} is ${secret ? 'not usable' : `"${text}"`}: it must be ${must}.`;
}
