import type { WireEvent } from '../../protocol/wire.ts';
import { isRefusal, refuse, type Refusal } from '../http/response.ts';
import type { Handles } from './handle.ts';
import { withKey } from './handle-secret.ts';
import { eventOf, metricOf } from './metric.ts';

/**
 * Returns the event that Customer.io counts, or the refusal of the metric.
 *
 * @param fields of the metric, as the page has sent them
 * @param subject of the verified token; `null` where the request has none
 */
export type ReadMetric = (
  fields: Readonly<Record<string, unknown>>,
  subject: string | null,
) => Promise<WireEvent | Refusal>;

/** Makes the reader of metrics: only the handle, which the proxy has signed, says which person and which message a metric is about. */
export function createMetricReader(handles: Pick<Handles, 'verify'>): ReadMetric {
  return async (fields, subject) => {
    const metric = metricOf(fields);
    if (metric.kind === 'refused') return metric;
    const content = await withKey(async () => handles.verify(metric.handle));
    if (content === null)
      return refuse(400, 'invalid_handle', 'The handle is not one of this proxy, or it has expired.');
    if (isRefusal(content)) return content;
    const { recipient } = content;
    // The metric of an anonymous visitor may arrive after the visitor has signed in: the token is then that of the person.
    if (subject !== null && recipient.kind === 'person' && recipient.id !== subject)
      return refuse(403, 'subject_mismatch', 'The customer token is not for the person of "handle".');
    return eventOf(content, metric);
  };
}
