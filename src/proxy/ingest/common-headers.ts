import type { Answer } from '../http/response.ts';
import { ACCEPTED } from './ingest.ts';
import { readsGzip } from '../http/gunzip.ts';

/** Adds the headers that every answer has. `ofOrigin`: those of CORS. */
export function createCommonHeaders(): (answered: Answer, ofOrigin: Answer['headers']) => Answer {
  // RFC 9110 12.5.3: what the next request may be packed with.
  const encodings = readsGzip && { 'Accept-Encoding': 'gzip' };
  // Nearly all answers say that a batch was accepted.
  const accepted = new WeakMap<Answer['headers'], Answer>();
  const add = (answered: Answer, ofOrigin: Answer['headers']): Answer => ({
    ...answered,
    headers: { ...answered.headers, ...ofOrigin, ...encodings },
  });
  return (answered, ofOrigin) => {
    if (answered !== ACCEPTED) return add(answered, ofOrigin);
    const before = accepted.get(ofOrigin);
    if (before) return before;
    const made = add(answered, ofOrigin);
    accepted.set(ofOrigin, made);
    return made;
  };
}
