/** An event inside Customer.io's SDK, in the form that its plugins get. */
export interface PluginEvent {
  /** The call that has made the event, such as `track`. */
  type: string;
  /** Id of the event, the same in every retry. */
  messageId?: string | undefined;
  /** Time of the call: a `Date`, or ISO 8601. */
  timestamp?: Date | string | undefined;
  /** Id of the person. */
  userId?: string | null | undefined;
  /** Id of the visitor's browser. */
  anonymousId?: string | null | undefined;
  /** Name of the event, of `track`. */
  event?: string | undefined;
  /** Name of the page or screen, of `page` and `screen`. */
  name?: string | undefined;
  /** Category of the page or screen, of `page` and `screen`. */
  category?: string | undefined;
  /** Id of the group, of `group`. */
  groupId?: string | null | undefined;
  /** The id that `userId` takes over, of `alias`. */
  previousId?: string | null | undefined;
  /** Properties of the event, page or screen. */
  properties?: Record<string, unknown> | undefined;
  /** Traits of the person or group, of `identify` and `group`. */
  traits?: Record<string, unknown> | undefined;
  /** Page, campaign, locale, user agent and library of the call. */
  context?: Record<string, unknown> | undefined;
  /** Destinations that get the event: `{ All: true, Name: false }`. */
  integrations?: Record<string, unknown> | undefined;
}

/** A `PluginEvent` with any other fields: plugins may add some of their own. */
export type DraftEvent = PluginEvent & Record<string, unknown>;

/** Name and version of this package, for `context.library` of each event. */
export interface Library {
  readonly name: string;
  readonly version: string;
}
