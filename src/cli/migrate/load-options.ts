import type { Node, ObjectExpression } from '@babel/types';
import { askPerson, indentAt, indentUnit, lineEndOf, quote, type Script, textOf } from './rewriting.ts';
import { startOf } from './syntax-tree.ts';
import { readWriteKey } from './write-key.ts';

/** The longest line with a call that this codemod writes. */
const LINE_LENGTH = 110;
const PIPELINES = 'Customer.io Data Pipelines';
const IN_APP = 'Customer.io In-App Plugin';

/** Options of the vendor's `load` that need no counterpart, because the SDK has no code for what they configure. */
const NEEDLESS = new Set([
  'cdnSettings',
  'disableAutoISOConversion',
  'obfuscate',
  'retryQueue',
  'timeout',
  'useQueryString',
]);
/** Options with the same name and the same meaning. */
const SAME = new Set(['plugins', 'user', 'group', 'cookie']);
const ADVICE: Readonly<Record<string, string>> = {
  classicIntegrations:
    'Device-mode destinations do not work. Write a plugin for each, and pass it in `plugins`.',
  globalAnalyticsKey:
    'The npm package sets no global variable. Assign the instance yourself if other scripts need it.',
  plan: 'There is no tracking plan in the page. Use `beforeSend` to drop or change events.',
};
const IN_APP_UNSUPPORTED = new Set(['embedOnly', '_env', '_logging']);

type Options = Map<string, string>;

/**
 * Writes the call of `createAnalytics` that replaces a call of the vendor's `load`. Undefined, with a remark for a person, when the
 * arguments are not written out in the call.
 */
export function writeCreateCall(
  script: Script,
  load: Node,
  args: readonly Node[],
  name: string,
): string | undefined {
  const [settings, options] = args.map((each) => readProperties(each));
  if (args.length === 0 || settings === undefined || (args.length > 1 && options === undefined)) {
    askPerson(
      script,
      load,
      'The options of `load` are not written out in the call. Replace it by `createAnalytics({ proxyUrl, clientKey, … })`, and pass only options that this SDK has.',
    );
    return undefined;
  }
  const written: Options = new Map([
    ['proxyUrl', quote(script.code, script.values.proxyUrl)],
    ['clientKey', quote(script.code, script.values.clientKey)],
  ]);
  for (const [option, value] of [...settings, ...(options ?? [])]) convert(script, option, value, written);
  return layOut(script, startOf(load), name, written);
}

/** Reads an object that is written out, without spreads and computed names. */
function readProperties(node: Node | undefined): readonly (readonly [string, Node])[] | undefined {
  const object = unwrap(node);
  if (object?.type !== 'ObjectExpression') return undefined;
  const properties = object.properties.map((each) => {
    if (each.type === 'SpreadElement' || each.computed) return undefined;
    const name =
      each.key.type === 'Identifier'
        ? each.key.name
        : each.key.type === 'StringLiteral'
          ? each.key.value
          : undefined;
    return name === undefined
      ? undefined
      : ([name, each.type === 'ObjectMethod' ? each : each.value] as const);
  });
  const known = properties.filter((each) => each !== undefined);
  return known.length === properties.length ? known : undefined;
}

/** The expression below `as`, `satisfies` and `!`. */
function unwrap(node: Node | undefined): Node | undefined {
  return node?.type === 'TSAsExpression' ||
    node?.type === 'TSSatisfiesExpression' ||
    node?.type === 'TSNonNullExpression'
    ? unwrap(node.expression)
    : node;
}

function convert(script: Script, option: string, value: Node, written: Options): void {
  const text = textOf(script, value);
  if (SAME.has(option)) written.set(option, text);
  else if (option === 'writeKey') readWriteKey(script, value);
  else if (option === 'cdnURL') readRegion(script, value, text);
  else if (option === 'integrations') convertIntegrations(script, value, written);
  else if (option === 'initialPageview') {
    if (text === 'true') written.set('pageViews', quote(script.code, 'load'));
    else if (text !== 'false')
      written.set('pageViews', `${text} ? ${quote(script.code, 'load')} : ${quote(script.code, 'manual')}`);
  } else if (option === 'disableClientPersistence') {
    if (text === 'true') keepInMemory(script, written);
    else if (text !== 'false') askPerson(script, value, MEMORY_ADVICE);
  } else if (!NEEDLESS.has(option))
    askPerson(script, value, ADVICE[option] ?? `\`${option}\` is no option of this SDK, and was removed.`);
}

const MEMORY_ADVICE =
  "`disableClientPersistence` has no counterpart. Set `user: { persist: false }`, `group: { persist: false }` and `outbox: { storage: 'memory' }` where it is true.";

function keepInMemory(script: Script, written: Options): void {
  written.set('user', '{ persist: false }');
  written.set('group', '{ persist: false }');
  written.set('outbox', `{ storage: ${quote(script.code, 'memory')} }`);
}

function readRegion({ findings }: Script, value: Node, text: string): void {
  const region = /cdp-eu\.customer\.io/.test(text)
    ? 'The region is eu: set CIO_REGION=eu at the proxy.'
    : undefined;
  const isKnown = region !== undefined || /^['"`]https:\/\/cdp\.customer\.io\/?['"`]$/.test(text);
  findings.next.push({
    offset: startOf(value),
    text:
      region ??
      (isKnown
        ? 'The region is us, the default of the proxy.'
        : `The URL of Customer.io (\`${text}\`) is an option of the proxy now: CIO_REGION or CIO_UPSTREAM_URL.`),
  });
}

function convertIntegrations(script: Script, value: Node, written: Options): void {
  const properties = readProperties(value);
  if (properties === undefined) {
    written.set('integrations', textOf(script, value));
    askPerson(
      script,
      value,
      `Check \`integrations\`: settings of '${IN_APP}' belong into the option \`inApp\`, and settings of '${PIPELINES}' to the proxy.`,
    );
    return;
  }
  const all = properties.some(([name]) => name === 'All');
  const rest = properties.flatMap(([name, node]) => {
    if (name === IN_APP) {
      const inApp = convertInApp(script, node);
      if (inApp !== undefined) written.set('inApp', inApp);
      return [];
    }
    const text = textOf(script, node);
    const isPipelines = name === PIPELINES;
    if (isPipelines && text === 'false')
      askPerson(
        script,
        node,
        `'${PIPELINES}': false stops all events of the vendor's SDK. This SDK needs consent: 'denied' instead.`,
      );
    if (isPipelines && node.type === 'ObjectExpression')
      return all ? [`${quote(script.code, name)}: true`] : [];
    if (isPipelines && !all) return [];
    return [`${/^[A-Za-z_$][\w$]*$/.test(name) ? name : quote(script.code, name)}: ${text}`];
  });
  if (rest.length > 0) written.set('integrations', `{ ${rest.join(', ')} }`);
}

/** Converts the settings of the in-app plugin. The site id belongs to the proxy. */
function convertInApp(script: Script, value: Node): string | undefined {
  const object = unwrap(value);
  const text = textOf(script, value);
  if (text === 'false') return undefined;
  if (object?.type !== 'ObjectExpression') return text;
  if (object.properties.some((each) => textOf(script, each).replaceAll(/\s/g, '') === 'enabled:false'))
    return undefined;
  script.findings.next.push({
    offset: startOf(value),
    text: 'In-app messages need a customer token, and `inApp` with the site id at the proxy: https://github.com/cio-first-party/cio-first-party/blob/main/docs/migrate/from-in-app-plugin.md',
  });
  const kept = keptInApp(script, object);
  return kept.length === 0 ? 'true' : `{ ${kept.join(', ')} }`;
}

const keptInApp = (script: Script, object: ObjectExpression): readonly string[] =>
  object.properties.flatMap((each) => {
    const name = each.type !== 'SpreadElement' && each.key.type === 'Identifier' ? each.key.name : '';
    if (name === 'siteId') return [];
    if (!IN_APP_UNSUPPORTED.has(name)) return [textOf(script, each)];
    askPerson(script, each, `\`${name}\` is no option of \`inApp\`, and was removed.`);
    return [];
  });

/** Writes the call in one line if it is short, otherwise with one option in a line. */
function layOut(script: Script, offset: number, name: string, options: Options): string {
  const { code } = script;
  const indent = indentAt(code, offset);
  const entries = Array.from(options, ([option, text]) => (option === text ? option : `${option}: ${text}`));
  const oneLine = `${name}({ ${entries.join(', ')} })`;
  const before = offset - (code.lastIndexOf('\n', offset - 1) + 1);
  if (before + oneLine.length <= LINE_LENGTH && !oneLine.includes('\n')) return oneLine;
  const end = lineEndOf(code);
  const inner = indent + indentUnit(code);
  const lines = entries.map((entry) => `${inner}${moveLines(code, entry, inner)},`);
  return [`${name}({`, ...lines, `${indent}})`].join(end);
}

/** Indents the further lines of a text, whose last line had the indentation of its first one. */
function moveLines(code: string, text: string, indent: string): string {
  const [first = '', ...rest] = text.split(/\r?\n/);
  const old = /^[ \t]*/.exec(rest.at(-1) ?? '')?.[0] ?? '';
  return [first, ...rest.map((line) => (line.startsWith(old) ? indent + line.slice(old.length) : line))].join(
    lineEndOf(code),
  );
}
