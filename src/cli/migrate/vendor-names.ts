import type { ImportDeclaration, Node, ObjectPattern, StringLiteral } from '@babel/types';
import { askPerson, type Script, VENDOR_PACKAGE } from './rewriting.ts';
import type { NodeVisit } from './syntax-tree.ts';

/** A name of the vendor's package in the scope of a file. */
export interface VendorName {
  /** The name in the package, such as `AnalyticsBrowser`. */
  readonly imported: string;
  /** The uses of the name in the file, without the declaration. */
  readonly uses: readonly NodeVisit[];
  /** The declaration of the name: a specifier of an import, or a property of a pattern. Missing for `module.AnalyticsBrowser`. */
  readonly specifier?: Node;
}

/** A place where a file gets names of the vendor's package. */
export interface VendorImport {
  /** The text with the name of the package. */
  readonly source: StringLiteral;
  readonly names: readonly VendorName[];
  readonly declaration?: ImportDeclaration;
  readonly pattern?: ObjectPattern;
  /** Whether the file does something with the whole module that cannot be followed. */
  readonly isPassedOn: boolean;
}

const OTHER_TEXT = `The name of the package ${VENDOR_PACKAGE} is used as a text, such as in a mock of a test. Change it with the code that it belongs to.`;

/** Finds every import, `require` and `import()` of the vendor's package. Reports other uses of its name. */
export function findVendorImports(script: Script): readonly VendorImport[] {
  return script.visits.flatMap(({ node, above }): readonly VendorImport[] => {
    const text =
      node.type === 'StringLiteral' ? node.value : node.type === 'TemplateElement' ? node.value.raw : '';
    if (!text.includes(VENDOR_PACKAGE)) return [];
    const parent = above[0];
    if (node.type !== 'StringLiteral' || text !== VENDOR_PACKAGE) {
      // A file of the package, a URL of it, or code in a text.
      askPerson(script, node, OTHER_TEXT);
      return [];
    }
    if (parent?.type === 'ImportDeclaration') return [readDeclaration(script, node, parent, above[1])];
    if (parent?.type === 'CallExpression' || parent?.type === 'ImportExpression') {
      const isLoad =
        parent.type === 'ImportExpression' ||
        parent.callee.type === 'Import' ||
        (parent.callee.type === 'Identifier' && parent.callee.name === 'require');
      if (isLoad) return [readModuleValue(script, node, { node: parent, above: above.slice(1) })];
    }
    if (parent?.type !== 'TSLiteralType' && parent?.type !== 'TSImportType')
      reportOther(script, node, parent);
    return [];
  });
}

function readDeclaration(
  script: Script,
  source: StringLiteral,
  declaration: ImportDeclaration,
  scope: Node | undefined,
): VendorImport {
  const uses = (local: string): readonly NodeVisit[] =>
    scope ? script.scopes.referencesTo(local, scope) : [];
  const names = declaration.specifiers.flatMap((each): readonly VendorName[] => {
    if (each.type === 'ImportSpecifier')
      return [
        {
          imported: each.imported.type === 'Identifier' ? each.imported.name : each.imported.value,
          uses: uses(each.local.name),
          specifier: each,
        },
      ];
    return membersOf(uses(each.local.name)) ?? [];
  });
  const isPassedOn = declaration.specifiers.some(
    (each) => each.type !== 'ImportSpecifier' && membersOf(uses(each.local.name)) === undefined,
  );
  return { source, names, declaration, isPassedOn };
}

/** Follows `require(…)` and `import(…)` to the names that the file takes from the module. */
function readModuleValue(script: Script, source: StringLiteral, call: NodeVisit): VendorImport {
  let { node, above } = call;
  const up = (): void => {
    [node = node, ...above] = above;
  };
  const isWaitedFor = above[0]?.type === 'AwaitExpression';
  if (isWaitedFor) up();
  const parent = above[0];
  const lost: VendorImport = { source, names: [], isPassedOn: true };
  if (parent?.type === 'VariableDeclarator' && parent.init === node)
    return readTarget(script, source, parent.id, above.slice(1)) ?? lost;
  const member = memberName(node, parent);
  if (member === undefined || parent === undefined) return lost;
  if (member !== 'then' || isWaitedFor)
    return {
      source,
      names: [{ imported: member, uses: [{ node: parent, above: above.slice(1) }] }],
      isPassedOn: false,
    };
  const then = above[1];
  const callback = then?.type === 'CallExpression' && then.callee === parent ? then.arguments[0] : undefined;
  if (callback?.type !== 'ArrowFunctionExpression' && callback?.type !== 'FunctionExpression') return lost;
  return readTarget(script, source, callback.params[0], [callback]) ?? lost;
}

/** Reads the variable or the pattern that gets the module. `above`: the first of these nodes that declares it is its scope. */
function readTarget(
  { scopes }: Script,
  source: StringLiteral,
  target: Node | undefined,
  above: readonly Node[],
): VendorImport | undefined {
  if (target?.type === 'Identifier') {
    const scope = scopes.scopeOf(target.name, above);
    const names = scope && membersOf(scopes.referencesTo(target.name, scope));
    return names && { source, names, isPassedOn: false };
  }
  if (target?.type !== 'ObjectPattern') return undefined;
  const names = target.properties.map((each): VendorName | undefined => {
    if (each.type !== 'ObjectProperty' || each.key.type !== 'Identifier' || each.value.type !== 'Identifier')
      return undefined;
    const scope = scopes.scopeOf(each.value.name, above);
    return {
      imported: each.key.name,
      uses: scope ? scopes.referencesTo(each.value.name, scope) : [],
      specifier: each,
    };
  });
  const known = names.filter((each) => each !== undefined);
  return known.length === names.length
    ? { source, names: known, pattern: target, isPassedOn: false }
    : undefined;
}

/** The name of the member that `parent` takes from `node`, or undefined. */
function memberName(node: Node, parent: Node | undefined): string | undefined {
  if (parent?.type === 'MemberExpression' && parent.object === node && parent.property.type === 'Identifier')
    return parent.computed ? undefined : parent.property.name;
  return parent?.type === 'TSQualifiedName' && parent.left === node ? parent.right.name : undefined;
}

/** Reads the uses of a module variable as uses of the members of the module. Undefined when one of them is something else. */
function membersOf(uses: readonly NodeVisit[]): readonly VendorName[] | undefined {
  const names: VendorName[] = [];
  for (const { node, above } of uses) {
    const imported = memberName(node, above[0]);
    if (imported === undefined || above[0] === undefined) return undefined;
    names.push({ imported, uses: [{ node: above[0], above: above.slice(1) }] });
  }
  return names;
}

function reportOther(script: Script, node: Node, parent: Node | undefined): void {
  const isReexport = parent?.type === 'ExportNamedDeclaration' || parent?.type === 'ExportAllDeclaration';
  askPerson(
    script,
    node,
    isReexport
      ? `This line re-exports names of ${VENDOR_PACKAGE}. Re-export those of cio-first-party that your code needs.`
      : OTHER_TEXT,
  );
}
