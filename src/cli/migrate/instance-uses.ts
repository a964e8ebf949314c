import type { Node } from '@babel/types';
import { isInstanceAt } from './instance-scopes.ts';
import { askPerson, type Script, textOf } from './rewriting.ts';
import type { NodeVisit } from './syntax-tree.ts';

const LISTENERS = 'Use the function that `on` returns, or `off(name, listener)`.';
const OWN_LIST = 'Keep a list of your own: `on` returns a function that removes the listener.';
const PLUGIN = 'Use `register` with a plugin.';

/** Members of the vendor's instance that this SDK does not have, and what to do instead. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  add: PLUGIN,
  addIntegration: PLUGIN,
  addDestinationMiddleware:
    'There are no device-mode destinations. Use `beforeSend`, or `register` with a plugin.',
  addIntegrationMiddleware: 'Use `addSourceMiddleware`.',
  addEventListener: 'Use `on`.',
  removeEventListener: LISTENERS,
  removeListener: LISTENERS,
  removeAllListeners: LISTENERS,
  listeners: OWN_LIST,
  hasListeners: OWN_LIST,
  ctx: 'There is no context of the start. The event `error` reports what fails.',
  load: 'Use `createAnalytics`, and `consent.grant()` where the call waits for consent.',
  log: 'Use the option `debug`.',
  noConflict: 'Use another variable.',
  normalize: 'Use the option `beforeSend`, which gets each event.',
  options: 'Keep your own copy of the options.',
  queue: 'Use `register`, `flush` or `stats`.',
  settings: 'Keep your own copy of the options.',
  storage: 'Use `user()`.',
};
const EVENT_CALLS = new Set(['track', 'page', 'screen', 'identify', 'group', 'alias']);
const PLUGIN_CALLS = new Set(['register', 'deregister']);

/** Reports uses of an instance that mean something else in this SDK. `instances`: the code of expressions that are instances. */
export function reviewInstances(script: Script, instances: ReadonlySet<string>): void {
  for (const visit of script.visits) {
    const { node, above } = visit;
    if (node.type !== 'MemberExpression' && node.type !== 'OptionalMemberExpression') continue;
    const object = textOf(script, node.object)
      .replace(/[!?]$/, '')
      .replace(/\(.*\)$/s, '()');
    if (node.computed || !isInstanceAt(script, instances, object, above)) continue;
    const member = textOf(script, node.property);
    const call =
      above[0]?.type === 'CallExpression' || above[0]?.type === 'OptionalCallExpression'
        ? above[0]
        : undefined;
    // `load` of a constructed instance may have been rewritten.
    const isEdited = script.findings.edits.some(
      ({ start, end }) => start < (node.end ?? 0) && end > (node.start ?? 0),
    );
    if (isEdited) continue;
    if (Object.hasOwn(UNSUPPORTED, member)) {
      askPerson(script, node, `\`${member}\` is not there. ${UNSUPPORTED[member] ?? ''}`);
    } else if (call && call.callee === node)
      reviewCall(script, member, { node: call, above: above.slice(1) });
  }
}

function reviewCall(script: Script, member: string, { node, above }: NodeVisit): void {
  if (member === 'on' && above[0]?.type === 'MemberExpression' && above[0].object === node)
    askPerson(
      script,
      node,
      '`on` returns a function that removes the listener, and not the instance. Make one statement of each call.',
    );
  else if (EVENT_CALLS.has(member) && resultIsRead(node, above))
    askPerson(
      script,
      node,
      `The promise of \`${member}\` resolves with a receipt \`{ id, state, reason? }\`, and not with a context. Read the event in \`beforeSend\`, or with \`on('${member}', …)\`.`,
    );
  else if (PLUGIN_CALLS.has(member) && resultIsRead(node, above))
    askPerson(script, node, `The promise of \`${member}\` resolves without a value.`);
}

/** Whether code keeps the value of the promise: a variable, or a parameter of the callback of `then`. */
function resultIsRead(call: Node, above: readonly Node[]): boolean {
  const [parent, outer] = above;
  if (parent?.type === 'AwaitExpression')
    return outer?.type === 'VariableDeclarator' || outer?.type === 'MemberExpression';
  if (parent?.type !== 'MemberExpression' || parent.object !== call || outer?.type !== 'CallExpression')
    return false;
  const [callback] = outer.arguments;
  const isThen = parent.property.type === 'Identifier' && parent.property.name === 'then';
  return (
    isThen &&
    callback !== undefined &&
    'params' in callback &&
    Array.isArray(callback.params) &&
    callback.params.length > 0
  );
}
