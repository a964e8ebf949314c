import type { Bytes } from './body.ts';

/** Reads a body to its end, at most so many bytes. @throws when it breaks off */
export type BodySource = (maxBytes: number) => Promise<Bytes | 'too-large'>;

// On the request itself, by a name that all have: what is loaded later has modules of its own, and must see it too.
const SOURCE = Symbol.for('cio-first-party.body-source');

type Sourced = Request & { [SOURCE]?: BodySource };

/** Gives a request a body that is no web stream: under Node, streams cost more than all the rest of reading. */
export function setBodySource(request: Request, source: BodySource): void {
  const sourced: Sourced = request;
  sourced[SOURCE] = source;
}

export function bodySourceOf(request: Request): BodySource | undefined {
  return (request as Sourced)[SOURCE];
}
