import type { Variable } from './variable.ts';

/** For `--help`. `required`: without a default in this command. */
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
