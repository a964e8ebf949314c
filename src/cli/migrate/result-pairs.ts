import type { MemberExpression, Node } from '@babel/types';
import { rememberInstance } from './instance-scopes.ts';
import { askPerson, replaceNode, type Script, textOf } from './rewriting.ts';
import { endOf, startOf, type NodeVisit } from './syntax-tree.ts';

/** The pairs `[analytics, context]` to which promises of the vendor's SDK resolve, and the code that takes the instance out of them. */

export const PAIR_ADVICE =
  'The vendor resolves to a pair `[analytics, context]`. `createAnalytics` returns the instance itself, and there is no context.';

/** Whether `parent` is `.then`, `.catch` or `.finally` of the node. */
export function isPromiseMethod(node: Node, parent: Node | undefined): parent is Node {
  return (
    (parent?.type === 'MemberExpression' || parent?.type === 'OptionalMemberExpression') &&
    parent.object === node &&
    parent.property.type === 'Identifier' &&
    ['then', 'catch', 'finally'].includes(parent.property.name)
  );
}

/** Replaces `pair[0]` by the name, if all uses have this form. Returns whether they have. */
export function replaceFirsts(script: Script, uses: readonly NodeVisit[], name: string): boolean {
  const members = uses.map(({ above: [member] }) => member).filter((member) => isFirst(member));
  if (members.length !== uses.length) return false;
  for (const member of members) replaceNode(script, member, name);
  return true;
}

/** Whether a node is `pair[0]`. */
const isFirst = (node: Node | undefined): node is MemberExpression =>
  node?.type === 'MemberExpression' &&
  node.computed &&
  node.property.type === 'NumericLiteral' &&
  node.property.value === 0;

/**
 * Rewrites `[analytics] = await …` and `(await …)[0]`. Returns whether the code has one of these forms. `call`: what replaces the
 * `await`; `undefined`: the `await` stays.
 */
export function unpackPair(
  script: Script,
  awaited: Node,
  above: readonly Node[],
  call: string | undefined,
  instances: Set<string>,
): boolean {
  const [parent] = above;
  if (isFirst(parent)) {
    if (call !== undefined) replaceNode(script, parent, call);
    else {
      const start = script.code.lastIndexOf('[', startOf(parent.property));
      script.findings.edits.push({ start, end: endOf(parent), text: '' });
    }
    return true;
  }
  const target =
    parent?.type === 'VariableDeclarator'
      ? parent.id
      : parent?.type === 'AssignmentExpression'
        ? parent.left
        : undefined;
  const first = target && onlyElement(target);
  if (!target || !first) return false;
  replaceNode(script, target, textOf(script, first));
  if (call !== undefined) replaceNode(script, awaited, call);
  rememberInstance(script, instances, textOf(script, first), above);
  return true;
}

/** Adapts the code around `await` of an instance that a variable, a function or a promise has. Reports forms that it cannot adapt. */
export function rewriteWait(
  script: Script,
  awaited: Node,
  above: readonly Node[],
  call: string | undefined,
  instances: Set<string>,
): void {
  if (unpackPair(script, awaited, above, call, instances)) {
    script.findings.rewrites++;
    return;
  }
  const [parent] = above;
  if (parent?.type === 'VariableDeclarator' && parent.id.type === 'Identifier') {
    const { name } = parent.id;
    const scope = script.scopes.scopeOf(name, above);
    const uses = scope ? script.scopes.referencesTo(name, scope) : [];
    const isPair = uses.some(({ above: [use] }) => isFirst(use));
    if (isPair && replaceFirsts(script, uses, name)) script.findings.rewrites++;
    else if (isPair) askPerson(script, awaited, PAIR_ADVICE);
    rememberInstance(script, instances, name, above);
  } else if (
    (parent?.type === 'VariableDeclarator' && parent.id.type === 'ArrayPattern') ||
    (parent?.type === 'AssignmentExpression' && parent.left.type === 'ArrayPattern') ||
    (parent?.type === 'MemberExpression' && parent.computed)
  )
    askPerson(script, awaited, PAIR_ADVICE);
}

/** The element of a pattern `[analytics]`, with nothing else in it. */
function onlyElement(pattern: Node): Node | undefined {
  if (pattern.type !== 'ArrayPattern' || pattern.elements.length !== 1) return undefined;
  return pattern.elements[0] ?? undefined;
}

/** Rewrites the callback of `.then(([analytics]) => …)`. */
export function rewriteCallback(script: Script, member: Node, call: Node | undefined): void {
  if (call?.type !== 'CallExpression' || call.callee !== member) return;
  if (!/^then$/.test(textOf(script, member).slice(-4))) return;
  const [callback] = call.arguments;
  if (callback?.type !== 'ArrowFunctionExpression' && callback?.type !== 'FunctionExpression') {
    askPerson(script, call, PAIR_ADVICE);
    return;
  }
  const [param] = callback.params;
  if (param === undefined) return;
  const first = onlyElement(param);
  if (first === undefined) {
    const uses = param.type === 'Identifier' ? script.scopes.referencesTo(param.name, callback) : undefined;
    if (!uses || !replaceFirsts(script, uses, textOf(script, param))) askPerson(script, param, PAIR_ADVICE);
    return;
  }
  const isBare = callback.type === 'ArrowFunctionExpression' && script.code[startOf(param) - 1] !== '(';
  replaceNode(script, param, isBare ? `(${textOf(script, first)})` : textOf(script, first));
}
