import type { CallExpression, Node } from '@babel/types';
import { writeCreateCall } from './load-options.ts';
import { rewriteResult } from './load-result.ts';
import { rememberInstance } from './instance-scopes.ts';
import { askPerson, replaceNode, type Script, textOf, wholeLines } from './rewriting.ts';
import { endOf, startOf, type NodeVisit } from './syntax-tree.ts';

/** The names by which the new code calls this package. */
export interface NewNames {
  /** The function, possibly as a member of the module. */
  readonly create: string;
  /** Returns the name of a type of this package, such as `Analytics`. */
  typeName(this: void, type: string): string;
}

/** The export of this package that the new code needs. Undefined: the use could not be rewritten. */
export type Need = 'create' | 'instance' | undefined;

/** Rewrites one use of `AnalyticsBrowser`. `instances`: gets the code of each expression that is an instance from now on. */
export function rewriteBrowserClass(
  script: Script,
  { node, above }: NodeVisit,
  names: NewNames,
  instances: Set<string>,
): Need {
  const [parent, grandparent] = above;
  if (isLoad(node, parent) && grandparent?.type === 'CallExpression' && grandparent.callee === parent)
    return rewriteLoad(script, { node: grandparent, above: above.slice(2) }, names, instances);
  if (parent?.type === 'NewExpression' && parent.callee === node)
    return rewriteConstruction(script, { node: parent, above: above.slice(1) }, names, instances);
  if (parent?.type === 'TSTypeReference' || parent?.type === 'GenericTypeAnnotation') {
    replaceNode(script, node, names.typeName('Analytics'));
    script.findings.rewrites++;
    rememberTyped(script, above, instances);
    return 'instance';
  }
  if (parent?.type === 'TSQualifiedName' && isResultType(above)) {
    replaceNode(script, parent, names.create);
    script.findings.rewrites++;
    return 'create';
  }
  askPerson(
    script,
    node,
    '`AnalyticsBrowser` is passed on or used in another way than `AnalyticsBrowser.load(…)`. Use `createAnalytics` of cio-first-party here.',
  );
  return undefined;
}

const isLoad = (node: Node, parent: Node | undefined): boolean =>
  parent?.type === 'MemberExpression' &&
  parent.object === node &&
  parent.property.type === 'Identifier' &&
  parent.property.name === 'load';

/** Whether `typeof AnalyticsBrowser.load` stands in `ReturnType<…>`. */
const isResultType = ([, query, list, reference]: readonly Node[]): boolean =>
  query?.type === 'TSTypeQuery' &&
  list?.type === 'TSTypeParameterInstantiation' &&
  reference?.type === 'TSTypeReference' &&
  reference.typeName.type === 'Identifier' &&
  reference.typeName.name === 'ReturnType';

/** Remembers the variable, parameter, property or field whose type has changed. */
function rememberTyped(script: Script, above: readonly Node[], instances: Set<string>): void {
  const isType = ({ type }: Node): boolean =>
    /^TS(TypeReference|UnionType|TypeAnnotation|ParenthesizedType)$|Annotation$/.test(type);
  const [owner, outer] = above.filter((each) => !isType(each));
  const remember = (text: string): void => rememberInstance(script, instances, text, above);
  if (owner?.type === 'Identifier') remember(owner.name);
  else if (owner?.type === 'ClassProperty') remember(`this.${textOf(script, owner.key)}`);
  else if (owner?.type === 'TSTypeParameterInstantiation' && outer?.type === 'CallExpression') {
    // const ref = useRef<AnalyticsBrowser>(null)
    const declarator = above[above.indexOf(outer) + 1];
    if (declarator?.type === 'VariableDeclarator' && declarator.id.type === 'Identifier')
      remember(`${declarator.id.name}.current`);
  }
}

function rewriteLoad(
  script: Script,
  load: NodeVisit & { readonly node: CallExpression },
  { create }: NewNames,
  instances: Set<string>,
): Need {
  const call = writeCreateCall(script, load.node, load.node.arguments, create);
  if (call === undefined) return undefined;
  script.findings.rewrites++;
  rewriteResult(script, load, call, instances);
  return 'create';
}

/** Rewrites `new AnalyticsBrowser()`, with the call of `load` on the variable that gets it. */
function rewriteConstruction(
  script: Script,
  { node, above }: NodeVisit,
  { create }: NewNames,
  instances: Set<string>,
): Need {
  const refuse = (): Need => {
    askPerson(
      script,
      node,
      "The call of `load` for this instance was not found. Use `createAnalytics({ …, consent: 'pending' })` here, and `consent.grant()` in the place of `load`.",
    );
    return undefined;
  };
  const [declarator, declaration] = above;
  if (declarator?.type !== 'VariableDeclarator' || declarator.id.type !== 'Identifier') return refuse();
  const { name } = declarator.id;
  const scope = script.scopes.scopeOf(name, above);
  const loads = (scope ? script.scopes.referencesTo(name, scope) : []).filter((use) =>
    isLoad(use.node, use.above[0]),
  );
  const [load] = loads;
  const call = load?.above[1];
  const statement = load?.above[2];
  if (
    load === undefined ||
    loads.length > 1 ||
    call?.type !== 'CallExpression' ||
    statement?.type !== 'ExpressionStatement'
  )
    return refuse();
  const text = writeCreateCall({ ...script }, node, call.arguments, create);
  if (text === undefined) return undefined;
  rememberInstance(script, instances, name, above);
  script.findings.rewrites++;
  // Beside the declaration, or one statement of the same block later: nothing can happen in between.
  const block = declaration && above[above.indexOf(declaration) + 1];
  const outer = block?.type === 'ExportNamedDeclaration' ? above[above.indexOf(block) + 1] : block;
  if (load.above[3] === outer) {
    replaceNode(script, node, text);
    script.findings.edits.push({ ...wholeLines(script, statement), text: '' });
    return 'create';
  }
  if (usesLocals(script, call, scope)) return refuse();
  replaceNode(script, node, addPending(text));
  script.findings.edits.push({
    start: endOf(load.node),
    end: endOf(call),
    text: '.consent.grant()',
  });
  return 'create';
}

/** The instance waits, as the vendor's does until `load`: `consent: 'pending'` holds all calls in memory. */
const addPending = (call: string): string =>
  call.includes('\n')
    ? call.replace(
        /,(\r?\n)(\s*)\}\)$/,
        (_, end: string, indent: string) => `,${end}${indent}  consent: 'pending',${end}${indent}})`,
      )
    : call.replace(/ \}\)$/, ", consent: 'pending' })");

/** Whether options that stay in the new code need a variable that the place of the construction does not have. */
function usesLocals(script: Script, call: CallExpression, scope: Node | undefined): boolean {
  const inside = script.visits.filter(({ above }) => above.includes(call));
  const kept = inside.filter(({ node, above }) => {
    const property = above.find((each) => each.type === 'ObjectProperty');
    const key =
      property?.type === 'ObjectProperty' && property.key.type === 'Identifier' ? property.key.name : '';
    return node.type === 'Identifier' && !['writeKey', 'cdnURL'].includes(key);
  });
  return kept.some(({ node, above }) => {
    if (node.type !== 'Identifier') return false;
    const own = script.scopes.scopeOf(node.name, above);
    return own !== undefined && own !== scope && own.type !== 'Program' && startOf(node) > 0;
  });
}
