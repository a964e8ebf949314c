import { nearest } from './edit-distance.ts';
import { SECRETS } from './secret-files.ts';
import { VARIABLES } from './variables.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const NAMES = Object.keys(VARIABLES);
const KNOWN: ReadonlySet<string> = new Set([...NAMES, ...SECRETS.map((name) => `${name}_FILE`)]);
const PREFIX = 'CIO_';
/** Most edits between a variable that begins with the prefix and the one that is suggested for it. */
const MOST_EDITS = 3;
/** Variables of other programs have other names: without the prefix, only one edit in a long name is a slip of the pen. */
const MOST_EDITS_WITHOUT_PREFIX = 1;
const SHORTEST_WITHOUT_PREFIX = 8;

/** An environment variable that neither `proxy` nor `forward` knows. */
export interface UnknownVariable {
  readonly name: string;
  /** The variable that is probably meant. */
  readonly meant?: string;
  /** The name ends with `_FILE`, and the variable that is meant can not be in a file. */
  readonly isFile?: true;
}

/**
 * Finds the variables that begin with `CIO_`, or nearly have the name of a variable, and that no command reads. A variable
 * of `proxy` counts as known to `forward` too: both often get the same environment.
 */
export function findUnknownVariables(environment: Environment): readonly UnknownVariable[] {
  return Object.keys(environment).flatMap((name) => {
    if (KNOWN.has(name) || isOfService(name, environment)) return [];
    const upper = name.toUpperCase();
    if (!upper.startsWith(PREFIX)) {
      const meant =
        upper.length < SHORTEST_WITHOUT_PREFIX ? undefined : nearest(upper, NAMES, MOST_EDITS_WITHOUT_PREFIX);
      return meant === undefined ? [] : [{ name, meant }];
    }
    const withoutFile = upper.replace(/_FILE$/, '');
    if (withoutFile !== upper && NAMES.includes(withoutFile) && !SECRETS.includes(withoutFile))
      return [{ name, meant: withoutFile, isFile: true }];
    const withoutPrefix = upper.slice(PREFIX.length);
    const meant = NAMES.includes(withoutPrefix) ? withoutPrefix : nearest(upper, [...KNOWN], MOST_EDITS);
    return [{ name, ...(meant !== undefined && { meant }) }];
  });
}

/** Warns on the standard error of each unknown variable. The warning never holds a value. */
export function warnOfUnknownVariables(environment: Environment, command: 'proxy' | 'forward'): void {
  for (const { name, meant, isFile } of findUnknownVariables(environment)) {
    const advice = isFile
      ? `only a secret can be in a file: set ${meant}`
      : meant === undefined
        ? `every variable is explained by: cio-first-party ${command} --help`
        : `did you mean ${meant}?`;
    console.error(`Warning: the environment variable ${name} is unknown, and has no effect: ${advice}`);
  }
}

/**
 * Whether Kubernetes or Docker has added the variable for a service or a linked container whose name begins with `cio`,
 * such as CIO_PROXY_SERVICE_HOST and CIO_PROXY_PORT_8080_TCP_ADDR.
 * https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
function isOfService(name: string, environment: Environment): boolean {
  const value = environment[name] ?? '';
  if (/_SERVICE_(HOST|PORT(_\w+)?)$/.test(name)) return true;
  if (/_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR|START|END|PORT_START|PORT_END))?$/.test(name)) return true;
  // The values tell these from mistakes such as CIO_PORT=3000: tcp://10.0.0.1:8080, and /shop/cio-proxy.
  if (name.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value)) return true;
  if (name.endsWith('_NAME') && value.startsWith('/')) return true;
  const [, link] = /^(\w+?)_ENV_/.exec(name) ?? [];
  return link !== undefined && environment[`${link}_NAME`]?.startsWith('/') === true;
}
