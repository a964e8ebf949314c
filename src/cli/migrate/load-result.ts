import type { CallExpression, MemberExpression, Node } from '@babel/types';
import { isInstanceAt, rememberInstance } from './instance-scopes.ts';
import { askPerson, replaceNode, type Script, textOf } from './rewriting.ts';
import { endOf, startOf, type NodeVisit } from './syntax-tree.ts';

const PAIR_ADVICE =
  'The vendor resolves to a pair `[analytics, context]`. `createAnalytics` returns the instance itself, and there is no context.';

/**
 * Puts the call of `createAnalytics` in the place of a call of the vendor's `load`, and adapts the code around it. The vendor's result
 * is a promise of the pair `[analytics, context]`; ours is the instance, which can be used at once.
 */
export function rewriteResult(
  script: Script,
  { node, above }: NodeVisit,
  call: string,
  instances: Set<string>,
): void {
  const [parent] = above;
  if (parent?.type === 'AwaitExpression') {
    rewriteAwaited(script, parent, above.slice(1), call, instances);
    return;
  }
  if (isPromiseMethod(node, parent)) {
    replaceNode(script, node, `Promise.resolve(${call})`);
    rewriteCallback(script, parent, above[1]);
    return;
  }
  replaceNode(script, node, call);
  rememberResult(script, node, above, instances);
}

/** Whether `parent` is `.then`, `.catch` or `.finally` of the node. */
function isPromiseMethod(node: Node, parent: Node | undefined): parent is Node {
  return (
    (parent?.type === 'MemberExpression' || parent?.type === 'OptionalMemberExpression') &&
    parent.object === node &&
    parent.property.type === 'Identifier' &&
    ['then', 'catch', 'finally'].includes(parent.property.name)
  );
}

/** Remembers the variable, the member or the function that gets the instance. */
function rememberResult(script: Script, node: Node, above: readonly Node[], instances: Set<string>): void {
  const [parent] = above;
  const remember = (text: string): void => rememberInstance(script, instances, text, above);
  if (parent?.type === 'VariableDeclarator' && parent.id.type === 'Identifier') remember(parent.id.name);
  else if (parent?.type === 'AssignmentExpression' && parent.right === node)
    remember(textOf(script, parent.left));
  else if (parent?.type === 'ClassProperty' && parent.value === node)
    remember(`this.${textOf(script, parent.key)}`);
  else if (parent?.type === 'ExportDefaultDeclaration') remember('default');
  else if (
    /^(ConditionalExpression|LogicalExpression|TSAsExpression|TSNonNullExpression)$/.test(parent?.type ?? '')
  )
    rememberResult(script, parent ?? node, above.slice(1), instances);
  else if (parent?.type === 'ReturnStatement' || parent?.type === 'ArrowFunctionExpression') {
    const maker = above.find(({ type }) => /Function/.test(type));
    const owner = maker && above[above.indexOf(maker) + 1];
    if (maker?.type === 'FunctionDeclaration' && maker.id) remember(`${maker.id.name}()`);
    else if (owner?.type === 'VariableDeclarator' && owner.id.type === 'Identifier')
      remember(`${owner.id.name}()`);
    else if (owner?.type === 'CallExpression' && /^(React\.)?useMemo$/.test(textOf(script, owner.callee)))
      rememberResult(script, owner, above.slice(above.indexOf(owner) + 1), instances);
  }
}

function rewriteAwaited(
  script: Script,
  awaited: Node,
  above: readonly Node[],
  call: string,
  instances: Set<string>,
): void {
  const [parent] = above;
  if (unpackPair(script, awaited, above, call, instances)) return;
  replaceNode(script, awaited, call);
  if (parent?.type === 'ExpressionStatement') return;
  if (parent?.type === 'VariableDeclarator' && parent.id.type === 'Identifier') {
    const { name } = parent.id;
    const scope = script.scopes.scopeOf(name, above);
    const uses = scope ? script.scopes.referencesTo(name, scope) : [];
    if (replaceFirsts(script, uses, name)) {
      rememberInstance(script, instances, name, above);
      return;
    }
  }
  askPerson(script, awaited, PAIR_ADVICE);
}

/** Replaces `pair[0]` by the name, if all uses have this form. Returns whether they have. */
function replaceFirsts(script: Script, uses: readonly NodeVisit[], name: string): boolean {
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

/** Rewrites `[analytics] = await …` and `(await …)[0]`. Returns whether the code has one of these forms. */
function unpackPair(
  script: Script,
  awaited: Node,
  above: readonly Node[],
  call: string,
  instances: Set<string>,
): boolean {
  const [parent] = above;
  if (isFirst(parent)) {
    replaceNode(script, parent, call);
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
  replaceNode(script, awaited, call);
  rememberInstance(script, instances, textOf(script, first), above);
  return true;
}

/** The element of a pattern `[analytics]`, with nothing else in it. */
function onlyElement(pattern: Node): Node | undefined {
  if (pattern.type !== 'ArrayPattern' || pattern.elements.length !== 1) return undefined;
  return pattern.elements[0] ?? undefined;
}

/** Rewrites the callback of `.then(([analytics]) => …)`. */
function rewriteCallback(script: Script, member: Node, call: Node | undefined): void {
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

/** Rewrites code that waits for an instance: `const [a] = await analytics`, `analytics.then(([a]) => …)`. */
export function rewriteWaits(script: Script, instances: Set<string>): void {
  const isInstance = (node: Node, above: readonly Node[]): boolean => {
    if (node.type === 'TSNonNullExpression') return isInstance(node.expression, above);
    const has = (text: string): boolean => isInstanceAt(script, instances, text, above);
    return (
      has(textOf(script, node)) || (node.type === 'CallExpression' && has(`${textOf(script, node.callee)}()`))
    );
  };
  for (const { node, above } of script.visits)
    if (
      node.type === 'VariableDeclarator' &&
      node.id.type === 'Identifier' &&
      node.init &&
      isInstance(node.init, above)
    )
      rememberInstance(script, instances, node.id.name, above);
  for (const { node, above } of script.visits) {
    const [parent] = above;
    if (node.type === 'AwaitExpression' && isInstance(node.argument, above) && !isCreated(script, node)) {
      if (unpackPair(script, node, above, textOf(script, node.argument), instances))
        script.findings.rewrites++;
    } else if (isExpression(node) && isInstance(node, above) && isPromiseMethod(node, parent)) {
      replaceNode(script, node, `Promise.resolve(${textOf(script, node)})`);
      rewriteCallback(script, parent, above[1]);
      script.findings.rewrites++;
    } else if (
      isValueCall(script, node, (object) => isInstance(object, above)) &&
      isPromiseMethod(node, parent)
    ) {
      // The vendor returns promises where this SDK returns the value.
      script.findings.edits.push({ start: startOf(node), end: startOf(node), text: 'Promise.resolve(' });
      script.findings.edits.push({ start: endOf(node), end: endOf(node), text: ')' });
      script.findings.rewrites++;
    }
  }
}

const isExpression = ({ type }: Node): boolean =>
  /^(Identifier|(Optional)?MemberExpression|CallExpression)$/.test(type);

/** Whether an edit replaces this node already. */
const isCreated = ({ findings }: Script, node: Node): boolean =>
  findings.edits.some(({ start, end }) => start <= startOf(node) && end >= endOf(node));

/** Whether a node calls `user()`, `group()`, `reset()` or `setAnonymousId()` of an instance. */
function isValueCall(
  script: Script,
  node: Node,
  isInstance: (node: Node) => boolean,
): node is CallExpression {
  if (
    node.type !== 'CallExpression' ||
    node.callee.type !== 'MemberExpression' ||
    !isInstance(node.callee.object)
  )
    return false;
  const name = textOf(script, node.callee.property);
  return (
    name === 'user' ||
    name === 'reset' ||
    name === 'setAnonymousId' ||
    (name === 'group' && node.arguments.length === 0)
  );
}
