import type { Node } from '@babel/types';
import path from 'node:path/posix';
import type { NodeVisit } from './syntax-tree.ts';

/** Files with the names of the instances that they export: `name`, `name()` for a function that returns one, or `default`. */
export type InstanceExports = Map<string, ReadonlySet<string>>;

const nameOf = (node: Node): string =>
  node.type === 'Identifier' ? node.name : node.type === 'StringLiteral' ? node.value : '';

/** Lists the instances that a file exports. `instances`: the code of the expressions that are instances in it. */
export function exportedInstances(
  visits: readonly NodeVisit[],
  instances: ReadonlySet<string>,
  file: string,
  known: InstanceExports,
): ReadonlySet<string> {
  const names = new Set<string>();
  const add = (local: string, exported: string): void => {
    if (instances.has(local)) names.add(exported);
    if (instances.has(`${local}()`)) names.add(`${exported}()`);
  };
  for (const { node } of visits) {
    if (node.type === 'ExportDefaultDeclaration') {
      if (instances.has('default')) names.add('default');
      if (node.declaration.type === 'Identifier') add(node.declaration.name, 'default');
      continue;
    }
    if (node.type === 'ExportAllDeclaration') {
      for (const name of exportsOf(node.source.value, file, known))
        if (!name.startsWith('default')) names.add(name);
      continue;
    }
    if (node.type !== 'ExportNamedDeclaration') continue;
    const from = node.source ? exportsOf(node.source.value, file, known) : undefined;
    for (const each of node.specifiers) {
      if (each.type !== 'ExportSpecifier') continue;
      const local = nameOf(each.local);
      const exported = nameOf(each.exported);
      if (!from) add(local, exported);
      else if (from.has(local)) names.add(exported);
      else if (from.has(`${local}()`)) names.add(`${exported}()`);
    }
    if (node.declaration?.type === 'VariableDeclaration')
      for (const { id } of node.declaration.declarations) if (id.type === 'Identifier') add(id.name, id.name);
    if (node.declaration?.type === 'FunctionDeclaration' && node.declaration.id)
      add(node.declaration.id.name, node.declaration.id.name);
  }
  return names;
}

/** Lists the local names of the instances that a file imports. */
export function importedInstances(
  visits: readonly NodeVisit[],
  file: string,
  known: InstanceExports,
): Set<string> {
  const instances = new Set<string>();
  for (const { node } of visits) {
    if (node.type !== 'ImportDeclaration') continue;
    const names = exportsOf(node.source.value, file, known);
    for (const each of node.specifiers) {
      if (each.type === 'ImportNamespaceSpecifier') {
        for (const name of names) instances.add(`${each.local.name}.${name}`);
        continue;
      }
      const imported = each.type === 'ImportDefaultSpecifier' ? 'default' : nameOf(each.imported);
      if (names.has(imported)) instances.add(each.local.name);
      if (names.has(`${imported}()`)) instances.add(`${each.local.name}()`);
    }
  }
  return instances;
}

const NOTHING: ReadonlySet<string> = new Set();
const withoutEnding = (file: string): string => file.replace(/\.[A-Za-z0-9]+$/, '').replace(/\/index$/, '');

/** Finds the exports of the file that an import names: a relative path, or an alias such as `@/lib/analytics`. */
function exportsOf(source: string, file: string, known: InstanceExports): ReadonlySet<string> {
  const wanted = withoutEnding(source);
  const isRelative = source.startsWith('.');
  const target = isRelative
    ? withoutEnding(path.join(path.dirname(file), source))
    : wanted.replace(/^([@~#]\/|\$)/, '');
  for (const [each, names] of known) {
    const name = withoutEnding(each);
    // A source such as `./analytics.client` has a dot that is no ending.
    const isSame = name === target || (isRelative && name === path.join(path.dirname(file), source));
    if (isSame || (!isRelative && target.includes('/') && name.endsWith(`/${target}`))) return names;
  }
  return NOTHING;
}
