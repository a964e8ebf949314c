import type { Answer } from '../http/response.ts';
import { ACCEPTED } from './ingest.ts';
import { readsGzip } from '../http/gunzip.ts';

/** Makes the function that adds the headers of all answers to an answer: those of CORS, which it is given, and `Accept-Encoding`. */
export function createCommonHeaders(): (answered: Answer, corsHeaders: Answer['headers']) => Answer {
  // In an answer, Accept-Encoding names the codings that the next request may use (RFC 9110 12.5.3).
  const encodings = readsGzip && { 'Accept-Encoding': 'gzip' };
  // Remembered by CORS headers, because nearly all answers are the one that says that a batch was accepted.
  const accepted = new WeakMap<Answer['headers'], Answer>();
  const add = (answered: Answer, corsHeaders: Answer['headers']): Answer => ({
    ...answered,
    headers: { ...answered.headers, ...corsHeaders, ...encodings },
  });
  return (answered, corsHeaders) => {
    if (answered !== ACCEPTED) return add(answered, corsHeaders);
    const known = accepted.get(corsHeaders);
    if (known) return known;
    const complete = add(answered, corsHeaders);
    accepted.set(corsHeaders, complete);
    return complete;
  };
}
