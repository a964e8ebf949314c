import type { Variable } from './variable.ts';

/** Describes variables for `--help`. `required`: those that have no default in this command. */
export function explain(
  variables: Readonly<Record<string, Variable>>,
  required: readonly string[] = [],
): string {
  return Object.entries(variables)
    .map(([name, { must, preset }]) => {
      const without = preset === undefined || required.includes(name) ? 'required' : `default: ${preset}`;
      return `  ${name.padEnd(32)}${must} (${without})`;
    })
    .join('\n');
}
