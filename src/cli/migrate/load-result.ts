import type { CallExpression, Node } from '@babel/types';
import { isInstanceAt, rememberInstance } from './instance-scopes.ts';
import {
  isPromiseMethod,
  PAIR_ADVICE,
  replaceFirsts,
  rewriteCallback,
  rewriteWait,
  unpackPair,
} from './result-pairs.ts';
import { askPerson, replaceNode, type Script, textOf } from './rewriting.ts';
import { endOf, startOf, type NodeVisit } from './syntax-tree.ts';

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
    else if (owner?.type === 'CallExpression' && owner.arguments[0] === maker)
      adaptChain(script, owner, above.slice(above.indexOf(owner) + 1), instances);
  }
}

/** Adapts what follows `import('…').then((module) => module.AnalyticsBrowser.load(…))`. */
function adaptChain(
  script: Script,
  call: CallExpression,
  above: readonly Node[],
  instances: Set<string>,
): void {
  const { callee } = call;
  const isThen =
    callee.type === 'MemberExpression' &&
    callee.property.type === 'Identifier' &&
    callee.property.name === 'then';
  const [parent] = above;
  if (!isThen) return;
  if (parent?.type === 'AwaitExpression') rewriteWait(script, parent, above.slice(1), undefined, instances);
  else if (isPromiseMethod(call, parent)) rewriteCallback(script, parent, above[1]);
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
      // A function may be asynchronous: its `await` stays.
      const isCall = node.argument.type === 'CallExpression';
      rewriteWait(script, node, above, isCall ? undefined : textOf(script, node.argument), instances);
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
