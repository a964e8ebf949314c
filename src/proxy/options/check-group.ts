import { type Rule, show } from './rules.ts';

/** One thing that is wrong with the options: `"option" problem` is a sentence. It holds no key. */
export interface OptionProblem {
  /** Of a group of options: `customerToken.issuer`. */
  readonly option: string;
  readonly kind: 'missing' | 'wrong' | 'unknown' | 'exposed' | 'choice';
  readonly problem: string;
  /** With `choice`: the options of which there must be exactly one. */
  readonly choices?: readonly string[];
}

/** Everything that is wrong with a group of options. `owner`: whose they are, for people. */
export function checkGroup(
  options: Readonly<Record<string, unknown>>,
  rules: Readonly<Record<string, Rule>>,
  { prefix = '', owner = 'the proxy' }: { readonly prefix?: string; readonly owner?: string } = {},
): readonly OptionProblem[] {
  const given = new Map<string, unknown>(Object.entries(options));
  const problems: OptionProblem[] = [];
  for (const [name, { must, holds, required, came = show }] of Object.entries(rules)) {
    const option = prefix + name;
    const value = given.get(name);
    given.delete(name);
    if (value !== undefined && !holds(value, options)) {
      problems.push({ option, kind: 'wrong', problem: `must be ${must}, got ${came(value)}` });
    } else if (value === undefined && required) {
      problems.push({ option, kind: 'missing', problem: `is missing: it must be ${must}` });
    }
  }
  for (const name of given.keys())
    problems.push({ option: prefix + name, kind: 'unknown', problem: `is no option of ${owner}` });
  return problems;
}
