import { refuse, type Refusal } from '../http/response.ts';

// The ids of Customer.io are much shorter: https://docs.customer.io/integrations/api/track/
const LONGEST_ID = 200;

/** Whether the value can be the id of a message, or of a visitor: a text that can be written into a path and a header. */
export function isMessageId(id: unknown): id is string {
  return typeof id === 'string' && id !== '' && id.length <= LONGEST_ID && !/[\p{Cc}\p{Surrogate}]/u.test(id);
}

/** The refusal of a call whose `id` is none. */
export const WRONG_ID: Refusal = /*#__PURE__*/ refuse(
  400,
  'invalid_body',
  `"id" must be a text of at most ${LONGEST_ID} characters.`,
);

/**
 * Whether the id can be a segment of a path: `.` and `..` would change the path, percent-encoded or not. No message has
 * such an id.
 */
export function isPathSegment(id: string): boolean {
  return id !== '.' && id !== '..';
}
