import type { Node } from '@babel/types';
import type { Script } from './rewriting.ts';

/** The scopes whose declaration of a name is an instance, by the name. `undefined`: the name is declared in another script of the file. */
export type InstanceScopes = Map<string, Set<Node | undefined>>;

const nameAtStart = (text: string): string => /^[A-Za-z_$][\w$]*/.exec(text)?.[0] ?? '';

/** Remembers that an expression is an instance from now on. `above`: the nodes around the place that made it one. */
export function rememberInstance(
  { scopes, instanceScopes }: Script,
  instances: Set<string>,
  text: string,
  above: readonly Node[],
): void {
  instances.add(text);
  const name = nameAtStart(text);
  const known = instanceScopes.get(name) ?? new Set();
  instanceScopes.set(name, known.add(scopes.scopeOf(name, above)));
}

/** Whether the code of an expression is that of an instance, and its name means the same variable at this place. */
export function isInstanceAt(
  { scopes, instanceScopes }: Script,
  instances: ReadonlySet<string>,
  text: string,
  above: readonly Node[],
): boolean {
  if (!instances.has(text)) return false;
  const name = nameAtStart(text);
  return instanceScopes.get(name)?.has(scopes.scopeOf(name, above)) ?? false;
}
