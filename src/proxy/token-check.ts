import type { Refusal } from './answer.ts';

/** The user id that a token has proven. */
export interface Verified {
  readonly kind: 'verified';
  readonly subject: string;
}

/** Verifies a customer token, as it stood behind `Bearer`. */
export type TokenCheck = (token: string) => Promise<Verified | Refusal>;
