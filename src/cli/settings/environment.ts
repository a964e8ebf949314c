import { findForwarderProblems } from '../../proxy/broker/forwarder-options.ts';
import type { OptionProblem } from '../../proxy/options/check-group.ts';
import { findProblems } from '../../proxy/options/check-options.ts';
import type { ForwarderOptions, ProxyOptions } from '../../proxy.ts';
import { type NatsSettings, readNats } from './nats-variables.ts';
import { isRedisUrl } from './redis-url.ts';
import { withSecretFiles } from './secret-files.ts';
import type { Variable } from './variable.ts';
import { FORWARD_VARIABLES, VARIABLES } from './variables.ts';

/** What the environment says: something to run, or all that keeps it from running. */
export type EnvironmentReading<Options = ProxyOptions> =
  | (ProxyCommandSettings<Options> & { readonly kind: 'ready' })
  | { readonly kind: 'unusable'; readonly problems: readonly string[] };

export interface ProxyCommandSettings<Options> {
  readonly options: Options;
  readonly host: string | undefined;
  readonly port: number;
  readonly graceMs: number;
  readonly redisUrl: string | undefined;
  readonly nats: NatsSettings | undefined;
}

/** What `forward` is run with. */
export interface ForwardSettings extends ForwarderOptions {
  readonly deduplicate?: boolean;
  readonly metrics?: string;
}

/** What the command itself sees to. */
const FORWARD_ONLY: ReadonlySet<string> = new Set(['deduplicate', 'metrics']);

type Given = Readonly<Record<string, string | undefined>>;
type Options = Readonly<Record<string, unknown>>;

/** Of the command `proxy`. */
export const readEnvironment = (given: Given): EnvironmentReading => read(given, VARIABLES, findProblems);

/** Of the command `forward`, which needs a broker. */
export function readForwardEnvironment(given: Given): EnvironmentReading<ForwardSettings> {
  return read<ForwardSettings>(
    given,
    FORWARD_VARIABLES,
    (options) => {
      const ofForwarder = Object.entries(options).filter(([name]) => !FORWARD_ONLY.has(name));
      return findForwarderProblems(Object.fromEntries(ofForwarder));
    },
    ['NATS_URL'],
  );
}

/** Reads every variable before it answers, so that everything wrong can be corrected at once. */
function read<Read>(
  given: Given,
  variables: Readonly<Record<string, Variable>>,
  find: (options: Options) => readonly OptionProblem[],
  required: readonly string[] = [],
): EnvironmentReading<Read> {
  const { environment, problems: unread } = withSecretFiles(given);
  // Compose files and shells set a variable to nothing when they mean that it is not set.
  const textOf = (name: string): string | undefined => environment[name]?.trim() || undefined;

  const options: Record<string, unknown> = {};
  const nameOf = new Map<string, string>();
  for (const [name, { option, read = String }] of Object.entries(variables)) {
    const text = textOf(name);
    if (option === undefined) continue;
    nameOf.set(option, name);
    if (text !== undefined) put(options, option.split('.'), read(text));
  }

  const wrong = find(options).filter(({ option }) => !unread.has(nameOf.get(option) ?? option));
  const told = wrong.map(({ option, kind, problem, choices }) => {
    const name = nameOf.get(option) ?? option;
    if (choices)
      return `There must be exactly one of ${choices.map((each) => nameOf.get(each) ?? each).join(', ')}.`;
    return kind === 'exposed' ? `${name} ${problem}.` : complaint(name, textOf(name));
  });
  const problems = [...unread.values(), ...told];
  const complain = (name: string): void => {
    if (!unread.has(name)) problems.push(complaint(name, textOf(name)));
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
    // Nothing was wrong with them.
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
  const { must, secret } = VARIABLES[name] ?? { must: 'something else' };
  if (text === undefined) return `${name} is missing: it must be ${must}.`;
  return `${name} is ${secret ? 'not usable' : `"${text}"`}: it must be ${must}.`;
}
