import type { Node } from '@babel/types';
import { askPerson, type Script, textOf, wholeLines } from './rewriting.ts';
import { startOf, type NodeVisit } from './syntax-tree.ts';

/** Shows enough of a key to find it, and not enough to use it. */
export const maskKey = (key: string): string => `${key.slice(0, key.length > 8 ? 4 : 0)}…`;

/** Reads where the write key came from. Says what happens to the key, and removes a variable that nothing else reads. */
export function readWriteKey(script: Script, value: Node): void {
  if (value.type === 'Identifier') readVariable(script, value.name, value);
  else noteOrigin(script, value);
}

function noteOrigin(script: Script, value: Node): void {
  const keys = literalKeys(value);
  for (const key of keys) noteKey(script, value, key);
  for (const key of keysInTable(script, value)) script.findings.secrets.add(key);
  reviewConditions(script, value);
  if (keys.length === 0)
    script.findings.next.push({
      offset: startOf(value),
      text: `The write key came from \`${textOf(script, value)}\`. Every visitor could read it: rotate it, and give the new one to the proxy as CIO_WRITE_KEY, and no longer to the page.`,
    });
}

export function noteKey(
  { findings }: Pick<Script, 'findings'>,
  { start }: Pick<Node, 'start'>,
  key: string,
): void {
  findings.secrets.add(key);
  findings.next.push({
    offset: start ?? 0,
    text: `The write key ${maskKey(key)} was in the code of the page, where every visitor could read it. Rotate it, and give the new one to the proxy as CIO_WRITE_KEY.`,
  });
}

/** Lists the keys that stand in the code, also as the fallback of another value, or one for each environment. */
function literalKeys(value: Node | null | undefined): readonly string[] {
  switch (value?.type) {
    case 'StringLiteral':
      return value.value === '' ? [] : [value.value];
    case 'TemplateLiteral':
      return value.expressions.length === 0 ? value.quasis.map(({ value: { raw } }) => raw) : [];
    case 'LogicalExpression':
      return [...literalKeys(value.left), ...literalKeys(value.right)];
    case 'ConditionalExpression':
      return [...literalKeys(value.consequent), ...literalKeys(value.alternate)];
    case 'TSAsExpression':
    case 'TSNonNullExpression':
      return literalKeys(value.expression);
    default:
      return [];
  }
}

/** Lists the texts of the object from which a value is taken: `KEYS.live`, `KEYS[process.env.NODE_ENV]`. */
function keysInTable({ scopes, visits }: Script, value: Node): readonly string[] {
  const table = value.type === 'MemberExpression' ? value.object : undefined;
  if (table?.type !== 'Identifier') return [];
  const scope = scopes.scopeOf(table.name, visits.find(({ node }) => node === value)?.above ?? []);
  return visits.flatMap(({ node, above }) => {
    const isKey = above[0]?.type === 'ObjectProperty' && above[0].key === node;
    const isInTable = above.some(
      (each) =>
        each.type === 'VariableDeclarator' &&
        each.id.type === 'Identifier' &&
        each.id.name === table.name &&
        scopes.scopeOf(table.name, above) === scope,
    );
    return node.type === 'StringLiteral' && node.value !== '' && isInTable && !isKey ? [node.value] : [];
  });
}

function readVariable(script: Script, name: string, use: Node): void {
  const above = script.visits.find(({ node }) => node === use)?.above ?? [];
  const scope = script.scopes.scopeOf(name, above);
  const declarator = script.visits.find(
    ({ node, above }) =>
      node.type === 'VariableDeclarator' &&
      node.id.type === 'Identifier' &&
      node.id.name === name &&
      script.scopes.scopeOf(name, above) === scope,
  );
  const others = scope
    ? script.scopes
        .referencesTo(name, scope)
        .filter(({ node }) => node !== use && startOf(node) !== startOf(use))
    : [];
  const init = declarator?.node.type === 'VariableDeclarator' ? declarator.node.init : undefined;
  for (const { node } of script.visits)
    if (node.type === 'AssignmentExpression' && node.left.type === 'Identifier' && node.left.name === name)
      for (const key of literalKeys(node.right)) script.findings.secrets.add(key);
  if (init) noteOrigin(script, init);
  else
    script.findings.next.push({
      offset: startOf(use),
      text: `The write key came from \`${name}\`. Follow it to its origin, rotate it, and give the new one to the proxy as CIO_WRITE_KEY.`,
    });
  // A parameter or an import may have other uses, such as a list of dependencies; only a condition stops the code.
  const other = init ? others[0] : others.find(isCondition);
  if (other) askAboutUse(script, other.node, name);
  else if (declarator && init) removeVariable(script, declarator);
}

/** Reports a condition on the property that had the write key, such as `process.env.WRITE_KEY`. */
function reviewConditions(script: Script, value: Node): void {
  const inside = ({ node, above }: NodeVisit): boolean => node === value || above.includes(value);
  const properties = script.visits.filter(
    (visit) => inside(visit) && visit.node.type === 'MemberExpression' && !isPartOfMember(visit),
  );
  const texts = new Set(properties.map(({ node }) => textOf(script, node)));
  const condition = script.visits.find(
    (visit) => !inside(visit) && texts.has(textOf(script, visit.node)) && isCondition(visit),
  );
  if (condition) askAboutUse(script, condition.node, textOf(script, condition.node));
}

const isPartOfMember = ({ node, above: [parent] }: NodeVisit): boolean =>
  parent?.type === 'MemberExpression' && parent.object === node;

const askAboutUse = (script: Script, node: Node, name: string): void =>
  askPerson(
    script,
    node,
    `\`${name}\` held the write key, and is still used here. The page needs no write key: remove this use before you remove the key, or nothing is sent any more.`,
  );

/** Whether a use decides what runs. */
const isCondition = ({ node, above: [parent] }: NodeVisit): boolean =>
  parent?.type === 'UnaryExpression' ||
  parent?.type === 'LogicalExpression' ||
  parent?.type === 'BinaryExpression' ||
  ((parent?.type === 'IfStatement' || parent?.type === 'ConditionalExpression') && parent.test === node);

/** Removes a variable, if its value is only read: a text, or a variable of the environment. */
function removeVariable(script: Script, { node, above: [statement, block] }: NodeVisit): void {
  const isAlone =
    statement?.type === 'VariableDeclaration' &&
    statement.declarations.length === 1 &&
    block?.type !== 'ExportNamedDeclaration' &&
    !block?.type.startsWith('For');
  if (!isAlone || node.type !== 'VariableDeclarator' || !isPlain(node.init)) return;
  script.findings.edits.push({ ...wholeLines(script, statement), text: '' });
}

function isPlain(value: Node | null | undefined): boolean {
  switch (value?.type) {
    case 'StringLiteral':
    case 'Identifier':
    case 'MetaProperty':
      return true;
    case 'TemplateLiteral':
      return value.expressions.length === 0;
    case 'MemberExpression':
      return !value.computed && isPlain(value.object);
    case 'LogicalExpression':
      return isPlain(value.left) && isPlain(value.right);
    case 'TSAsExpression':
    case 'TSNonNullExpression':
      return isPlain(value.expression);
    default:
      return false;
  }
}
