import type { Refusal } from '../http/response.ts';

/** What a token has proven of who sends it. */
export interface Person {
  /** The user id. */
  readonly subject: string;
  /** The claim `email`, where it is a text. */
  readonly email?: string;
  /** The claim `cio_id`, where it is a text: the id that Customer.io itself gives to a person. */
  readonly cioId?: string;
}

export interface Verified extends Person {
  readonly kind: 'verified';
}

/** Verifies a customer token, as it stood behind `Bearer`. */
export type TokenCheck = (token: string) => Promise<Verified | Refusal>;
