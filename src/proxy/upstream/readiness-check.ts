import { within } from '../lib/timeouts.ts';
import type { LogNote } from '../telemetry/request-log.ts';
import type { Delivery } from './delivery.ts';
import type { Upstream } from './upstream.ts';

/** Makes sure that the state of the upstream is known, and adds the reason of a failure to `note`. */
export type ReadinessCheck = (note: LogNote) => Promise<void>;

/** A monitoring system may send a request every second: the proxy sends Customer.io at most one in this time. */
const REST_MS = 10_000;
/** Most milliseconds that a readiness request waits for Customer.io. */
const CHECK_MS = 5_000;

/**
 * Checks with an empty batch, which stores nothing, whether Customer.io accepts the write key. Without the check, a proxy with a
 * wrong key would be ready until its first batch. The check is skipped while earlier requests already show the state of Customer.io
 * (`isProven`).
 */
export function createReadinessCheck(upstream: Upstream, timeoutMs: number): ReadinessCheck {
  let running: Promise<Delivery> | undefined;
  let nextAtMs = -Infinity;

  async function check(note: LogNote): Promise<Delivery> {
    const delayMs = Math.min(timeoutMs, CHECK_MS);
    const body = JSON.stringify({ batch: [], sentAt: new Date().toISOString() });
    return within(delayMs, async (signal) =>
      upstream.check(body, { signal, endsAt: performance.now() + delayMs }, note),
    );
  }

  return async (note) => {
    if (upstream.isProven()) return;
    if (performance.now() >= nextAtMs) {
      nextAtMs = performance.now() + REST_MS;
      running = check(note);
    }
    const delivery = await running?.catch(() => undefined);
    if (delivery?.kind !== 'misconfigured' && delivery?.kind !== 'unavailable') return;
    note.error = `upstream_${delivery.kind}`;
    note.detail = delivery.detail;
  };
}
