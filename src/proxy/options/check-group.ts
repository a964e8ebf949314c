import { type Rule, show } from './rules.ts';

/** A problem of an option: `"option" problem` is a sentence. The sentence never contains a key or a secret. */
export interface OptionProblem {
  /** The name of the option, with the name of its group: `customerToken.issuer`. */
  readonly option: string;
  readonly kind: 'missing' | 'wrong' | 'unknown' | 'exposed' | 'choice';
  readonly problem: string;
  /** With the kind `choice`: the options of which exactly one must be set. */
  readonly choices?: readonly string[];
}

/** All problems of a group of options. `prefix`: the name of the group and a dot. `owner`: what takes the options, for the message. */
export function checkGroup(
  options: Readonly<Record<string, unknown>>,
  rules: Readonly<Record<string, Rule>>,
  { prefix = '', owner = 'the proxy' }: { readonly prefix?: string; readonly owner?: string } = {},
): readonly OptionProblem[] {
  const unchecked = new Map<string, unknown>(Object.entries(options));
  const problems: OptionProblem[] = [];
  for (const [name, { must, holds, required, describe = show }] of Object.entries(rules)) {
    const option = prefix + name;
    const value = unchecked.get(name);
    unchecked.delete(name);
    if (value !== undefined && !holds(value, options)) {
      problems.push({ option, kind: 'wrong', problem: `must be ${must}, got ${describe(value)}` });
    } else if (value === undefined && required) {
      problems.push({ option, kind: 'missing', problem: `is missing: it must be ${must}` });
    }
  }
  for (const name of unchecked.keys())
    problems.push({ option: prefix + name, kind: 'unknown', problem: `is no option of ${owner}` });
  return problems;
}
