import { errorPage } from '../../protocol/links.ts';
import { within } from '../../proxy/lib/timeouts.ts';
import type { Delivery } from '../../proxy/upstream/delivery.ts';
import { describeError } from '../../proxy/lib/describe-error.ts';
import { createSendBatch } from '../../proxy/upstream/send-batch.ts';
import type { ProxyOptions } from '../../proxy.ts';
import { resolveUpstream } from '../../proxy/upstream/upstream-settings.ts';

/** The result of checking the write key. */
export interface WriteKeyCheck {
  readonly isGood: boolean;
  /** The result in words. */
  readonly message: string;
}

/** Checks the write key with an empty batch, which stores nothing. */
export async function checkWriteKey(options: ProxyOptions): Promise<WriteKeyCheck> {
  const settings = resolveUpstream(options);
  const forward = createSendBatch(settings);
  const body = JSON.stringify({ batch: [], sentAt: new Date().toISOString() });
  const delivery = await within(settings.timeoutMs, (signal) => forward(body, signal)).catch(
    (cause: unknown): Delivery => ({ kind: 'unavailable', detail: describeError(cause) }),
  );
  const { host } = new URL(settings.upstreamUrl);
  switch (delivery.kind) {
    case 'delivered':
      return { isGood: true, message: `The write key is good: ${host} has accepted it.` };
    case 'rejected':
    case 'too-large':
      // Customer.io checks the key before the batch: https://docs.customer.io/integrations/api/cdp/
      return {
        isGood: true,
        message: `The write key is good: ${host} has accepted it, and refused only the empty batch (${delivery.status}).`,
      };
    case 'misconfigured':
      return {
        isGood: false,
        message: `The write key cannot be used: ${delivery.detail} More: ${errorPage('upstream_misconfigured')}`,
      };
    default:
      return {
        isGood: false,
        message: `${host} could not check the write key: ${delivery.detail} More: ${errorPage('upstream_unavailable')}`,
      };
  }
}
