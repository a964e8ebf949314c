import type { ImportDeclaration, Node } from '@babel/types';
import type { NewNames } from './rewrite-browser-class.ts';
import { indentUnit, lineEndOf, OUR_PACKAGE, replaceNode, type Script, textOf } from './rewriting.ts';
import { endOf, startOf } from './syntax-tree.ts';

/** The names that replace a name of the vendor's package: the function, types, or nothing where the name was not used. */
export interface Replacement {
  /** Whether some uses of the old name are left. */
  readonly isKept: boolean;
  readonly create: boolean;
  readonly types: readonly string[];
}

/** Old specifiers, each with its replacement. */
type Pairs = readonly (readonly [specifier: Node, replacement: Replacement])[];

/** Rewrites `import { … } from '…'`. Old names that are still needed stay in an import of their own. */
export function rewriteDeclaration(
  script: Script,
  declaration: ImportDeclaration,
  pairs: Pairs,
  names: NewNames,
): void {
  const kept = pairs
    .filter(([, replacement]) => replacement.isKept)
    .map(([specifier]) => textOf(script, specifier));
  const isTypeImport = declaration.importKind === 'type';
  const fresh = freshSpecifiers(script, pairs, names, isTypeImport);
  if (fresh.length === 0 && kept.length === pairs.length && pairs.length > 0) return;
  script.findings.rewrites++;
  const [mark = "'"] = textOf(script, declaration.source);
  const own = mark + OUR_PACKAGE + mark;
  const start = startOf(declaration);
  if (kept.length > 0) {
    const end = textOf(script, declaration).endsWith(';') ? ';' : '';
    const line = `import ${isTypeImport ? 'type ' : ''}{ ${fresh.join(', ')} } from ${own}${end}${lineEndOf(script.code)}`;
    if (fresh.length > 0) script.findings.edits.push({ start, end: start, text: line });
    replaceSpecifiers(script, declaration, kept);
    return;
  }
  // `import '…'` and an import of names that nothing uses: the module has no side effects that matter, but the import shows the intent.
  if (fresh.length > 0) replaceSpecifiers(script, declaration, fresh);
  else if (pairs.length > 0)
    replaceSpecifiers(script, declaration, [isTypeImport ? 'Analytics' : 'createAnalytics']);
  replaceNode(script, declaration.source, own);
}

/** Rewrites `const { … } = require('…')`. A pattern has no types. */
export function rewritePattern(script: Script, pairs: Pairs, names: NewNames): void {
  const [first] = pairs;
  if (!first) return;
  const text = names.create === 'createAnalytics' ? names.create : `createAnalytics: ${names.create}`;
  const last = pairs.at(-1)?.[0] ?? first[0];
  script.findings.edits.push({ start: startOf(first[0]), end: endOf(last), text });
}

function freshSpecifiers(
  script: Script,
  pairs: Pairs,
  names: NewNames,
  isTypeImport: boolean,
): readonly string[] {
  const marks = pairs.map(
    ([specifier]) => specifier.type === 'ImportSpecifier' && specifier.importKind === 'type',
  );
  const create = pairs.some(([, replacement]) => replacement.create);
  const types = new Set(pairs.flatMap(([, replacement]) => replacement.types));
  const mark = isTypeImport || (script.language === 'js' && !marks.includes(true)) ? '' : 'type ';
  const as = (name: string, local: string): string => (name === local ? name : `${name} as ${local}`);
  return [
    ...(create ? [as('createAnalytics', names.create)] : []),
    ...Array.from(types, (type) => mark + as(type, names.typeName(type))),
  ];
}

function replaceSpecifiers(
  script: Script,
  declaration: ImportDeclaration,
  specifiers: readonly string[],
): void {
  const text = script.code.slice(startOf(declaration), startOf(declaration.source));
  const open = text.indexOf('{');
  const close = text.lastIndexOf('}');
  if (open === -1 || close === -1) return;
  const end = lineEndOf(script.code);
  const old = text.slice(open + 1, close);
  const isLong = old.includes('\n') && specifiers.length > 1;
  const spaced = /^\s/.test(old) ? ' ' : '';
  const list = isLong
    ? `${end}${specifiers.map((each) => `${indentUnit(script.code)}${each},${end}`).join('')}`
    : `${spaced}${specifiers.join(', ')}${spaced}`;
  const start = startOf(declaration);
  script.findings.edits.push({ start: start + open + 1, end: start + close, text: list });
}
