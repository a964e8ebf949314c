import type { Node } from '@babel/types';
import type { NodeVisit } from './syntax-tree.ts';

/** Says which declaration a name means at a place of the code. */
export interface Scopes {
  /** Returns the function, block or program whose declaration the name means there, or undefined for a global. */
  scopeOf(name: string, above: readonly Node[]): Node | undefined;
  /** Returns whether the file declares this name anywhere, apart from the declarations in `except`. */
  isDeclared(name: string, except?: ReadonlySet<Node>): boolean;
  /** Returns every use of the name that means the declaration of `scope`. */
  referencesTo(name: string, scope: Node): readonly NodeVisit[];
}

const isFunction = ({ type }: Node): boolean => /Function|ObjectMethod|Class(Private)?Method/.test(type);
const isScope = (node: Node): boolean =>
  isFunction(node) ||
  /^(Program|BlockStatement|For\w*Statement|CatchClause|SwitchStatement|TSModuleBlock|StaticBlock)$/.test(
    node.type,
  );

/** Lists the identifiers that a pattern of a declaration declares. */
export function declaredBy(pattern: Node | null | undefined): readonly Node[] {
  switch (pattern?.type) {
    case 'Identifier':
      return [pattern];
    case 'ObjectPattern':
      return pattern.properties.flatMap((each) =>
        declaredBy(each.type === 'RestElement' ? each : each.value),
      );
    case 'ArrayPattern':
      return pattern.elements.flatMap((each) => declaredBy(each));
    case 'AssignmentPattern':
      return declaredBy(pattern.left);
    case 'RestElement':
      return declaredBy(pattern.argument);
    case 'TSParameterProperty':
      return declaredBy(pattern.parameter);
    default:
      return [];
  }
}

/** Lists what a node declares, each with the scope in which it is declared. */
function declarationsOf({
  node,
  above,
}: NodeVisit): readonly (readonly [name: Node, scope: Node | undefined])[] {
  const nearest = above.find(isScope);
  switch (node.type) {
    case 'ImportSpecifier':
    case 'ImportDefaultSpecifier':
    case 'ImportNamespaceSpecifier':
      return [[node.local, nearest]];
    case 'VariableDeclarator': {
      const isVar = above[0]?.type === 'VariableDeclaration' && above[0].kind === 'var';
      const scope = isVar ? above.find((each) => isFunction(each) || each.type === 'Program') : nearest;
      return declaredBy(node.id).map((name) => [name, scope]);
    }
    case 'CatchClause':
      return declaredBy(node.param).map((name) => [name, node]);
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
    case 'TSInterfaceDeclaration':
    case 'TSTypeAliasDeclaration':
    case 'TSEnumDeclaration':
    case 'TSModuleDeclaration':
    case 'TSImportEqualsDeclaration': {
      const params = node.type === 'FunctionDeclaration' ? parametersOf(node) : [];
      return [...(node.id ? [[node.id, nearest] as const] : []), ...params];
    }
    default:
      return isFunction(node) ? parametersOf(node) : [];
  }
}

const parametersOf = (node: Node): readonly (readonly [Node, Node])[] =>
  'params' in node && Array.isArray(node.params)
    ? (node.params as readonly Node[])
        .flatMap((each) => declaredBy(each))
        .map((name) => [name, node] as const)
    : [];

/** Whether an identifier is the name of a property, of a label or of a declaration elsewhere, and no use of a variable. */
function isOnlyName(node: Node, parent: Node | undefined): boolean {
  switch (parent?.type) {
    case 'MemberExpression':
    case 'OptionalMemberExpression':
      return parent.property === node && !parent.computed;
    case 'ObjectProperty':
    case 'ClassProperty':
    case 'ObjectMethod':
    case 'ClassMethod':
      return parent.key === node && !parent.computed;
    case 'TSPropertySignature':
    case 'TSMethodSignature':
      return parent.key === node;
    case 'ImportSpecifier':
    case 'ImportDefaultSpecifier':
    case 'ImportNamespaceSpecifier':
    case 'LabeledStatement':
      return true;
    case 'ExportSpecifier':
      return parent.local !== node;
    case 'TSQualifiedName':
      return parent.right === node;
    default:
      return false;
  }
}

export function readScopes(visits: readonly NodeVisit[]): Scopes {
  const names = new Map<Node, Map<string, Node[]>>();
  for (const visit of visits)
    for (const [name, scope] of declarationsOf(visit)) {
      if (scope === undefined || name.type !== 'Identifier') continue;
      const own = names.get(scope) ?? new Map<string, Node[]>();
      names.set(scope, own);
      own.set(name.name, [...(own.get(name.name) ?? []), name]);
    }
  const scopeOf = (name: string, above: readonly Node[]): Node | undefined =>
    above.find((node) => names.get(node)?.has(name));
  return {
    scopeOf,
    isDeclared: (name, except = new Set()) =>
      [...names.values()].some((own) => own.get(name)?.some((node) => !except.has(node))),
    referencesTo(name, scope) {
      const declarations = new Set(names.get(scope)?.get(name));
      return visits.filter(
        ({ node, above }) =>
          ((node.type === 'Identifier' && node.name === name) ||
            (node.type === 'JSXIdentifier' && node.name === name)) &&
          !isOnlyName(node, above[0]) &&
          !declarations.has(node) &&
          scopeOf(name, above) === scope,
      );
    },
  };
}
