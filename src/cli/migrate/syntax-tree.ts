import { parse, type ParserPlugin } from '@babel/parser';
import type { Node } from '@babel/types';

export type Language = 'js' | 'ts' | 'tsx';

/** A node with the nodes that contain it, the nearest first. */
export interface NodeVisit {
  readonly node: Node;
  readonly above: readonly Node[];
}

export const startOf = ({ start }: Node): number => start ?? 0;
export const endOf = ({ end }: Node): number => end ?? 0;

/** Parses a module or a script. JavaScript may contain JSX or Flow types. @throws SyntaxError with the line of the mistake */
export function parseCode(code: string, language: Language): Node {
  const types: Readonly<Record<Language, readonly ParserPlugin[]>> = {
    js: ['jsx', 'flow'],
    ts: ['typescript'],
    tsx: ['typescript', 'jsx'],
  };
  const read = (decorators: ParserPlugin): Node => parseWith(code, [...types[language], decorators]);
  try {
    return read('decorators-legacy');
  } catch (error) {
    // `export @decorator class` is of the standard alone, and decorators of parameters are not.
    if (!code.includes('@')) throw error;
    try {
      return read('decorators');
    } catch {
      throw error;
    }
  }
}

const parseWith = (code: string, plugins: readonly ParserPlugin[]): Node =>
  parse(code, {
    sourceType: 'unambiguous',
    allowAwaitOutsideFunction: true,
    allowImportExportEverywhere: true,
    allowNewTargetOutsideFunction: true,
    allowReturnOutsideFunction: true,
    allowSuperOutsideMethod: true,
    allowUndeclaredExports: true,
    errorRecovery: true,
    plugins: [...plugins, 'decoratorAutoAccessors', 'explicitResourceManagement'],
  }).program;

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';

const NO_CHILDREN = new Set(['loc', 'extra', 'leadingComments', 'trailingComments', 'innerComments']);

export function childrenOf(node: Node): readonly Node[] {
  return Object.entries(node)
    .filter(([key]) => !NO_CHILDREN.has(key))
    .flatMap(([, value]: [string, unknown]) =>
      Array.isArray(value) ? value.filter(isNode) : isNode(value) ? [value] : [],
    );
}

/** Lists a node and all nodes in it, in the order of the source. */
export function visitAll(root: Node): readonly NodeVisit[] {
  const visits: NodeVisit[] = [];
  const visit = (node: Node, above: readonly Node[]): void => {
    visits.push({ node, above });
    for (const child of childrenOf(node)) visit(child, [node, ...above]);
  };
  visit(root, []);
  return visits;
}
