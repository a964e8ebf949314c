/** Batches with given ids, and an upstream that responds on demand. */
import { event, post } from './setup.ts';
import type { Received, Upstream } from './upstream.ts';

export const named = (...ids: readonly unknown[]): readonly Record<string, unknown>[] =>
  ids.map((messageId) => event({ messageId }));

export const batchOf = (...ids: readonly unknown[]): Request => post(named(...ids));

const idsIn = ({ body }: Received): readonly unknown[] => body.batch.map((each) => each['messageId']);

export const idsOf = ({ received }: Upstream): readonly (readonly unknown[])[] => received.map(idsIn);
