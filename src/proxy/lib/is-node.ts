/** Whether this is Node itself: others that have its modules have a faster `fetch` of their own. */
export function isNode(): boolean {
  return (
    typeof process === 'object' &&
    typeof process.getBuiltinModule === 'function' &&
    process.release?.name === 'node' &&
    !('Bun' in globalThis) &&
    !('Deno' in globalThis)
  );
}
