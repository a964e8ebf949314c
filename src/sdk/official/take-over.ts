import { METHODS } from '../plugins/plugin.ts';
import type { OfficialAnalytics, OfficialContext, OfficialPlugin, OfficialQueue } from './contract.ts';

/** Name of the destination of Customer.io's SDK that sends events to Customer.io. */
export const DESTINATION = 'Customer.io Data Pipelines';

export type Take = (context: OfficialContext) => Promise<unknown>;

/** The connection to one instance of Customer.io's SDK. */
export interface TakenOver {
  /** Resolves when no event is on its way to `take`. */
  idle(): Promise<void>;
  /** Gives the delivery back. Events that `take` has got already stay with it. */
  end(): void;
}

/**
 * Takes the events of Customer.io's SDK over from its own destination.
 *
 * `take` gets each event as soon as the last plugin that may change or drop it has finished, which is before the SDK's timers and before
 * device-mode destinations: an event of a page that is left, or of a page with a destination that hangs, is not lost.
 *
 * @param take may get the same context several times
 * @param onCall called within each call of the SDK, after it has changed the identity: with the event, if the call makes one
 */
export function takeOverDelivery(
  analytics: OfficialAnalytics,
  take: Take,
  onCall: (context?: OfficialContext) => void,
): TakenOver {
  const { queue } = analytics;
  const underWay = new Set<string>();
  let onIdle: (() => void)[] = [];
  const originals = new Map<OfficialPlugin, OfficialPlugin>();
  const taken = new WeakSet<OfficialContext>();

  /**
   * Replaces the functions of the SDK's destination by `take`. Deregistering it would not be enough: it sends events that an earlier
   * page has left in localStorage by itself, through the same functions.
   */
  function disarm(plugin: OfficialPlugin): void {
    if (plugin.name !== DESTINATION || originals.has(plugin)) return;
    originals.set(plugin, { ...plugin });
    for (const method of METHODS) plugin[method] = (context) => take(context).then(() => context);
  }

  function lastOf(kind: string): OfficialPlugin | undefined {
    let last: OfficialPlugin | undefined;
    for (const plugin of queue.plugins) if (plugin.type === kind) last = plugin;
    return last;
  }

  function settle({ id }: OfficialContext): void {
    underWay.delete(id);
    if (underWay.size) return;
    for (const resolve of onIdle) resolve();
    onIdle = [];
  }

  const started = (context: OfficialContext): void => {
    underWay.add(context.id);
    onCall(context);
  };
  const reset = (): void => onCall();
  const enriched = (context: OfficialContext, plugin: OfficialPlugin): void => {
    // The plugins of the type `enrichment` run after those of the type `before`, in the order of their registration.
    if (plugin !== (lastOf('enrichment') ?? lastOf('before'))) return;
    taken.add(context);
    void take(context);
    settle(context);
  };
  // While Customer.io's SDK loads, it registers the destination after this plugin, and its timers may send before the next task.
  const { register } = queue;
  const registering: OfficialQueue['register'] = (context, plugin, instance) => {
    disarm(plugin);
    return register.call(queue, context, plugin, instance);
  };

  queue.plugins.forEach(disarm);
  queue.register = registering;
  analytics.on('dispatch_start', started);
  analytics.on('reset', reset);
  queue.on('message_enriched', enriched);
  // An event that a plugin has dropped, or that no plugin can change.
  queue.on('delivery_success', settle);
  queue.on('delivery_failure', settle);

  return {
    idle: () =>
      new Promise((resolve) => {
        if (underWay.size) onIdle.push(resolve);
        else resolve();
      }),
    end() {
      if (queue.register === registering) queue.register = register;
      for (const [plugin, original] of originals)
        for (const method of METHODS) {
          const send = original[method];
          // A device-mode destination may still hold up an event that was taken.
          plugin[method] = (context) => (taken.has(context) ? context : send?.(context));
        }
      analytics.off('dispatch_start', started);
      analytics.off('reset', reset);
      queue.off('message_enriched', enriched);
      queue.off('delivery_success', settle);
      queue.off('delivery_failure', settle);
    },
  };
}
