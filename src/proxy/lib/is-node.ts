/** Whether the runtime is Node itself. Bun and Deno have Node's modules too, but a faster `fetch` of their own. */
export function isNode(): boolean {
  return (
    typeof process === 'object' &&
    typeof process.getBuiltinModule === 'function' &&
    process.release?.name === 'node' &&
    !('Bun' in globalThis) &&
    !('Deno' in globalThis)
  );
}
