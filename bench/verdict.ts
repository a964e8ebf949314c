import type { CandidateKey } from './candidate.ts';

/** What our number has to be. */
export type Target =
  | { readonly kind: 'at most'; readonly limit: number }
  /** So many times the other's number in the same runs. */
  | { readonly kind: 'times'; readonly limit: number; readonly other: CandidateKey };

export type Values = Readonly<Partial<Record<CandidateKey, number>>>;

/** Our number as a share of the other's; undefined for other targets and where a number is missing. */
export function ratioOf(target: Target, values: Values): number | undefined {
  if (target.kind !== 'times') return undefined;
  const other = values[target.other];
  return values.ours === undefined || other === undefined ? undefined : values.ours / other;
}

/** `met`, or by how much it is missed. */
export function verdictOf(target: Target, values: Values): string {
  const value = target.kind === 'times' ? ratioOf(target, values) : values.ours;
  if (value === undefined) return 'not measured';
  if (value <= target.limit) return 'met';
  return target.limit
    ? `missed by ${Math.max(1, Math.round((value / target.limit - 1) * 100))} %`
    : `missed by ${Number(value.toPrecision(2))}`;
}
