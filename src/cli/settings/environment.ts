import { findForwarderProblems } from '../../proxy/broker/forwarder-options.ts';
import type { OptionProblem } from '../../proxy/options/check-group.ts';
import { findProblems } from '../../proxy/options/check-options.ts';
import type { ForwarderOptions, ProxyOptions } from '../../proxy.ts';
import { type NatsSettings, readNats } from './nats-variables.ts';
import { withoutCredentials } from './origin-hint.ts';
import { isRedisUrl } from './redis-url.ts';
import { withSecretFiles } from './secret-files.ts';
import type { Variable } from './variable.ts';
import { FORWARD_VARIABLES, VARIABLES } from './variables.ts';

/** The settings that were read from the environment, or all problems with them. */
export type EnvironmentReading<Options = ProxyOptions> =
  | (ProxyCommandSettings<Options> & { readonly kind: 'ready' })
  | { readonly kind: 'unusable'; readonly problems: readonly string[] };

/** The settings of a command that runs a server. */
export interface ProxyCommandSettings<Options> {
  /** The options of the proxy or the forwarder. */
  readonly options: Options;
  readonly host: string | undefined;
  readonly port: number;
  /** How long requests in flight may take to end when the command is stopped, in milliseconds. */
  readonly graceMs: number;
  readonly redisUrl: string | undefined;
  readonly nats: NatsSettings | undefined;
}

/** The options of the command `forward`. */
export interface ForwardSettings extends ForwarderOptions {
  readonly deduplicate?: boolean;
  readonly metrics?: string;
}

/** The options that the command handles itself, and does not pass to `createForwarder`. */
const FORWARD_ONLY: ReadonlySet<string> = new Set(['deduplicate', 'metrics']);

type Environment = Readonly<Record<string, string | undefined>>;
type Options = Readonly<Record<string, unknown>>;

/** Reads the variables of the command `proxy`. */
export const readEnvironment = (environment: Environment): EnvironmentReading =>
  read(environment, VARIABLES, findProblems);

/** Reads the variables of the command `forward`, which needs a broker. */
export function readForwardEnvironment(environment: Environment): EnvironmentReading<ForwardSettings> {
  return read<ForwardSettings>(
    environment,
    FORWARD_VARIABLES,
    (options) => {
      const forwarderOptions = Object.entries(options).filter(([name]) => !FORWARD_ONLY.has(name));
      return findForwarderProblems(Object.fromEntries(forwarderOptions));
    },
    ['NATS_URL'],
  );
}

/** Reads all variables before it returns, so that all problems can be corrected at once. */
function read<Read>(
  rawEnvironment: Environment,
  variables: Readonly<Record<string, Variable>>,
  find: (options: Options) => readonly OptionProblem[],
  required: readonly string[] = [],
): EnvironmentReading<Read> {
  const { environment, problems: unreadable } = withSecretFiles(rawEnvironment);
  // An empty variable counts as missing: compose files and shells use it for that.
  const textOf = (name: string): string | undefined => environment[name]?.trim() || undefined;

  const options: Record<string, unknown> = {};
  const nameOf = new Map<string, string>();
  for (const [name, { option, read = String }] of Object.entries(variables)) {
    const text = textOf(name);
    if (option === undefined) continue;
    nameOf.set(option, name);
    if (text !== undefined) put(options, option.split('.'), read(text));
  }

  const problemsFound = find(options).filter(({ option }) => !unreadable.has(nameOf.get(option) ?? option));
  const wrongOptions = problemsFound.map(({ option, kind, problem, choices }) => {
    const name = nameOf.get(option) ?? option;
    if (choices)
      return `There must be exactly one of ${choices.map((each) => nameOf.get(each) ?? each).join(', ')}.`;
    return kind === 'exposed' ? `${name} ${problem}.` : complaint(name, textOf(name));
  });
  const problems = [...unreadable.values(), ...wrongOptions];
  const complain = (name: string): void => {
    if (!unreadable.has(name)) problems.push(complaint(name, textOf(name)));
  };
  for (const name of required) if (textOf(name) === undefined) complain(name);
  const port = textOf('PORT') ?? VARIABLES['PORT']?.preset ?? '';
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) complain('PORT');
  const grace = textOf('CIO_STOP_TIMEOUT_MS') ?? VARIABLES['CIO_STOP_TIMEOUT_MS']?.preset ?? '';
  if (!/^\d{1,6}$/.test(grace)) complain('CIO_STOP_TIMEOUT_MS');

  const redisUrl = textOf('CIO_REDIS_URL');
  if (redisUrl !== undefined && !isRedisUrl(redisUrl)) complain('CIO_REDIS_URL');
  const nats = readNats(textOf, complain);

  if (problems.length > 0) return { kind: 'unusable', problems };
  return {
    kind: 'ready',
    // The options were checked above.
    options: options as Read,
    host: textOf('HOST'),
    port: Number(port),
    graceMs: Number(grace),
    redisUrl,
    nats,
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
  const { must, secret, hint }: Variable = VARIABLES[name] ?? { must: 'another value' };
  if (text === undefined) return `${name} is missing: it must be ${must}.`;
  const problem = `${name} is ${secret ? 'not usable' : `"${withoutCredentials(text)}"`}: it must be ${must}.`;
  return [problem, hint?.(text)].join(' ').trim();
}
