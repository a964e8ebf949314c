/** An event on its way through the wrapped SDK, as its plugins see it. */
export interface PluginEvent {
  type: string;
  messageId?: string | undefined;
  timestamp?: Date | string | undefined;
  userId?: string | null | undefined;
  anonymousId?: string | null | undefined;
  event?: string | undefined;
  name?: string | undefined;
  category?: string | undefined;
  groupId?: string | null | undefined;
  previousId?: string | null | undefined;
  properties?: Record<string, unknown> | undefined;
  traits?: Record<string, unknown> | undefined;
  context?: Record<string, unknown> | undefined;
  integrations?: Record<string, unknown> | undefined;
}

/** A `PluginEvent` with any other fields: plugins may add some of their own. */
export type DraftEvent = PluginEvent & Record<string, unknown>;

/** Name and version of this package, for `context.library` of each event. */
export interface Library {
  readonly name: string;
  readonly version: string;
}
