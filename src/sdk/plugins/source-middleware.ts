/** Loaded when a page first asks for source middleware. */
import { toFacade } from '@customerio/cdp-analytics-browser/src/lib/to-facade.ts';
import type { PluginContext, SourceMiddleware } from './plugin.ts';
import type { DraftEvent } from '../event/draft-event.ts';

/** Leads an event through middleware as the wrapped SDK does. */
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

/** Its types know the fields of the wrapped SDK's events only; it reads those that are there. */
const facadeOf = (event: DraftEvent): { readonly obj: DraftEvent } =>
  toFacade(event as never, { clone: true, traverse: false }) as { readonly obj: object } as {
    readonly obj: DraftEvent;
  };
