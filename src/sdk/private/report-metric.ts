import type { Call } from '../event/call.ts';
import type { OutboxEvent } from '../outbox/contract.ts';
import { METRIC_TYPE, type MetricEvent } from '../../protocol/messages.ts';
import { utf8 } from '../../protocol/wire.ts';

/** Puts the metric of a message into the outbox. */
export type ReportMetric = (
  handle: string,
  metric: MetricEvent['metric'],
  action?: MetricEvent['action'],
) => void;

export interface ReportMetricNeeds {
  newCall(): Pick<Call, 'id' | 'snapshot'>;
  keep(event: OutboxEvent): void;
  userId(): string | undefined;
  anonymousId(): string | undefined;
}

/** Makes the function that puts metrics into the outbox, as events that the proxy turns into those of Customer.io. */
export function createReportMetric(needs: ReportMetricNeeds): ReportMetric {
  return (handle, metric, action) => {
    const { id, snapshot } = needs.newCall();
    const { at } = snapshot;
    const userId = needs.userId();
    const anonymousId = needs.anonymousId();
    const event: MetricEvent = {
      type: METRIC_TYPE,
      messageId: id,
      timestamp: new Date(at).toISOString(),
      ...(userId && { userId }),
      ...(anonymousId && { anonymousId }),
      handle,
      metric,
      ...(action && { action }),
    };
    const json = JSON.stringify(event);
    needs.keep({ id, at, json, bytes: utf8.encode(json).length });
  };
}
