import type { Answer } from '../http/response.ts';
import { ACCEPTED } from './ingest.ts';
import { readsGzip } from '../http/gunzip.ts';

/**
 * Makes the function that adds the common headers to a response: the headers of CORS, which are an argument, and `Accept-Encoding`.
 */
export function createCommonHeaders(): (answered: Answer, corsHeaders: Answer['headers']) => Answer {
  // In a response, Accept-Encoding names the codings that the next request may use (RFC 9110 12.5.3).
  const encodings = readsGzip && { 'Accept-Encoding': 'gzip' };
  // Stored by CORS headers, because nearly all responses are the same one: the batch was accepted.
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
