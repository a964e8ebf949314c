import type { Node } from '@babel/types';
import { reviewInstances } from './instance-uses.ts';
import { rewriteWaits } from './load-result.ts';
import { rewriteBrowserClass, type NewNames } from './rewrite-browser-class.ts';
import { rewriteDeclaration, rewritePattern, type Replacement } from './rewrite-imports.ts';
import { askPerson, OUR_PACKAGE, replaceNode, type Script, textOf, VENDOR_PACKAGE } from './rewriting.ts';
import { findVendorImports, type VendorImport, type VendorName } from './vendor-names.ts';
import { NAME_ADVICE, TYPES } from './vendor-types.ts';

/**
 * Rewrites one script from the vendor's package to this package.
 *
 * @param instances the code of expressions that are instances, such as names that the script imports from a rewritten file. The function
 * adds those of this script.
 */
export function rewriteModule(script: Script, instances: Set<string>): void {
  const imports = findVendorImports(script);
  const taken = new Set(
    imports.flatMap(({ names }) => names.flatMap(({ specifier }) => (specifier ? localsOf(specifier) : []))),
  );
  const free = (name: string, other: string): string =>
    script.scopes.isDeclared(name, taken) ? other : name;
  const names: NewNames = {
    create: free('createAnalytics', 'createCioAnalytics'),
    typeName: (type) => free(type, `Cio${type}`),
  };
  for (const each of imports) rewriteImport(script, each, names, instances);
  for (const { node } of script.visits) if (node.type === 'TSImportType') rewriteImportType(script, node);
  rewriteWaits(script, instances);
  reviewInstances(script, instances);
}

/** The identifiers that a specifier or a property of a pattern declares. */
function localsOf(specifier: Node): readonly Node[] {
  if (specifier.type === 'ImportSpecifier') return [specifier.local];
  return specifier.type === 'ObjectProperty' ? [specifier.value] : [];
}

function rewriteImport(script: Script, found: VendorImport, names: NewNames, instances: Set<string>): void {
  if (found.isPassedOn) {
    askPerson(
      script,
      found.source,
      `The module ${VENDOR_PACKAGE} is passed on as a whole. Import \`createAnalytics\` of cio-first-party where it is used.`,
    );
    return;
  }
  const isMember =
    found.declaration?.specifiers.some(({ type }) => type !== 'ImportSpecifier') ??
    !found.names.some(({ specifier }) => specifier);
  const { findings } = script;
  const before = { edits: findings.edits.length, next: findings.next.length, rewrites: findings.rewrites };
  const own = new Set<string>();
  const replacements = found.names.map((name) =>
    rewriteName(script, name, isMember ? undefined : names, own),
  );
  const pairs = found.names.flatMap(({ specifier }, i) => {
    const replacement = replacements[i];
    return specifier && replacement ? [[specifier, replacement] as const] : [];
  });
  if (found.declaration && !isMember) rewriteDeclaration(script, found.declaration, pairs, names);
  else if (replacements.every(({ isKept }) => !isKept)) {
    if (found.pattern) rewritePattern(script, pairs, names);
    replaceSource(script, found);
  } else {
    // The whole module has a single name, or a single call loads it. As long as the code needs the old one, nothing can change.
    findings.edits.length = before.edits;
    findings.next.length = before.next;
    findings.rewrites = before.rewrites;
    askPerson(
      script,
      found.source,
      `Some names of ${VENDOR_PACKAGE} have no counterpart in cio-first-party, so that nothing was changed that comes from this import.`,
    );
    return;
  }
  for (const instance of own) instances.add(instance);
}

function replaceSource(script: Script, { source }: VendorImport): void {
  const [mark = "'"] = textOf(script, source);
  replaceNode(script, source, mark + OUR_PACKAGE + mark);
  script.findings.rewrites++;
}

/** Rewrites the uses of one name. Returns the names that replace it. */
function rewriteName(
  script: Script,
  { imported, uses, specifier }: VendorName,
  direct: NewNames | undefined,
  instances: Set<string>,
): Replacement {
  if (imported === 'AnalyticsBrowser') {
    const needs = new Set(
      uses.map((use) => rewriteBrowserClass(script, use, direct ?? memberNames(script, use.node), instances)),
    );
    return {
      isKept: needs.has(undefined),
      create: needs.has('create'),
      types: needs.has('instance') ? ['Analytics'] : [],
    };
  }
  const isType = uses.every(
    ({ above: [parent] }) => parent?.type.startsWith('TS') || parent?.type === 'ExportSpecifier',
  );
  const type = TYPES.get(imported);
  if (type !== undefined && isType) {
    for (const { node } of uses)
      replaceNode(script, node, (direct ?? memberNames(script, node)).typeName(type));
    script.findings.rewrites += uses.length;
    return { isKept: false, create: false, types: [type] };
  }
  const [use] = uses;
  askPerson(
    script,
    use?.node ?? specifier ?? script.visits[0]?.node ?? nothing(),
    type === undefined
      ? `\`${imported}\` is not in cio-first-party. ${NAME_ADVICE[imported] ?? ''}`.trim()
      : `\`${imported}\` is only a type in cio-first-party, and a value here.`,
  );
  return { isKept: true, create: false, types: [] };
}

const nothing = (): never => {
  throw new Error('A script has at least one node');
};

/** The names as members of the module that `node` takes its member from. */
const memberNames = (script: Script, node: Node): NewNames => ({
  create: `${moduleOf(script, node)}.createAnalytics`,
  typeName: (type) => `${moduleOf(script, node)}.${type}`,
});

const moduleOf = (script: Script, node: Node): string => {
  if (node.type === 'MemberExpression') {
    // `(await import('…')).AnalyticsBrowser`: the name of the package is inside of the text that is replaced.
    const text = script.code.slice(node.start ?? 0, node.property.start ?? 0).replace(/\??\.\s*$/, '');
    return text.replaceAll(VENDOR_PACKAGE, OUR_PACKAGE);
  }
  return node.type === 'TSQualifiedName' ? textOf(script, node.left) : textOf(script, node);
};

/** Rewrites `import('…').AnalyticsBrowser` in a type. */
function rewriteImportType(script: Script, node: Node): void {
  if (node.type !== 'TSImportType' || node.argument.value !== VENDOR_PACKAGE) return;
  const name = node.qualifier?.type === 'Identifier' ? node.qualifier.name : undefined;
  const type = name === undefined ? undefined : TYPES.get(name);
  if (type === undefined || !node.qualifier) {
    askPerson(script, node, `Use types of cio-first-party here. ${NAME_ADVICE[name ?? ''] ?? ''}`.trim());
    return;
  }
  const [mark = "'"] = textOf(script, node.argument);
  replaceNode(script, node.argument, mark + OUR_PACKAGE + mark);
  replaceNode(script, node.qualifier, type);
  script.findings.rewrites++;
}
