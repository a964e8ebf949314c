/** What the stand-in can be told to do wrong. */
import { type Fields, integer, readFields, textOrNull } from '../fields.ts';

export interface PipelineFaults {
  /** 200: works; anything else is the answer to every call. */
  readonly status: number;
  /** How long every answer takes, in milliseconds. */
  readonly latencyMs: number;
  /** The `Retry-After` that goes with a `status` other than 200; Customer.io documents none. */
  readonly retryAfter: string | null;
  /** A request that holds an event of this name is answered 500, always. */
  readonly poison: string | null;
  /** An event of this name is not valid. */
  readonly reject: string | null;
}

export const NO_FAULTS: PipelineFaults = {
  status: 200,
  latencyMs: 0,
  retryAfter: null,
  poison: null,
  reject: null,
};

export function readPipelineFaults(body: unknown): Fields<PipelineFaults> {
  return readFields<PipelineFaults>(body, {
    status: integer(200, 599),
    latencyMs: integer(0, 120_000),
    retryAfter: textOrNull,
    poison: textOrNull,
    reject: textOrNull,
  });
}
