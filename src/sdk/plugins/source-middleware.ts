/** Runs source middleware. This file is loaded when a page first adds some. */
import { toFacade } from '@customerio/cdp-analytics-browser/src/lib/to-facade.ts';
import type { PluginContext, SourceMiddleware } from './plugin.ts';
import type { DraftEvent } from '../event/draft-event.ts';

/** Leads an event through middleware as Customer.io's SDK does. Cancels the event if `next` was not called. */
export async function applyMiddleware(
  middleware: SourceMiddleware,
  context: PluginContext,
): Promise<PluginContext> {
  let isPassed = false;
  await middleware({
    payload: facadeOf(context.event as DraftEvent),
    integrations: {},
    next(payload) {
      isPassed = true;
      if (payload) context.event = (payload as { readonly obj: DraftEvent }).obj;
    },
  });
  if (!isPassed)
    context.cancel({
      retry: false,
      type: 'middleware_cancellation',
      reason: 'Middleware `next` function skipped',
    });
  return context;
}

/**
 * Makes the facade of an event. The types of `toFacade` allow only events of Customer.io's SDK; the function reads all fields that
 * an event has.
 */
const facadeOf = (event: DraftEvent): { readonly obj: DraftEvent } =>
  toFacade(event as never, { clone: true, traverse: false }) as { readonly obj: object } as {
    readonly obj: DraftEvent;
  };
