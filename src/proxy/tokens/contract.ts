import type { Refusal } from '../http/response.ts';
import type { FetchLike } from '../upstream/send-batch.ts';

/** The person for whom a verified token was issued, by its claims. */
export interface Person {
  /** The user id, from the claim that the option `subject` names. */
  readonly subject: string;
  /** The claim `email`, where it is a text; the subject with `idType: 'email'`. */
  readonly email?: string;
  /** The claim `cio_id`, where it is a text, or the subject with `idType: 'cio_id'`: the id that Customer.io itself gives to a person. */
  readonly cioId?: string;
}

export interface Verified extends Person {
  readonly kind: 'verified';
  /** The end of the token, the claim `exp`, in milliseconds since the epoch. */
  readonly expiresAtMs: number;
}

/** The needs of the verifier of tokens, beside the options. */
export interface VerifierNeeds {
  readonly fetch: FetchLike;
  /** The most time for the function of a secret, in milliseconds. */
  readonly timeoutMs: number;
}

/** Verifies a customer token, the text behind `Bearer`. */
export type TokenCheck = (token: string) => Promise<Verified | Refusal>;
