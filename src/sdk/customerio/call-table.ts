import {
  aliasArguments,
  type Arguments,
  type Fields,
  pageArguments,
  trackArguments,
  userArguments,
} from '../event/arguments.ts';
import type { EventMethod } from '../event/call.ts';
import { present } from '../event/make-event.ts';
import type { StoredUser } from '../identity/stored-user.ts';
import type { DraftEvent } from '../event/draft-event.ts';

type Row = readonly [
  /** Sorts the arguments of a call, which have several orders. Returns the values for the event, then the options. */
  read: (args: Arguments, who: StoredUser) => Arguments,
  /** Makes the fields of the event from these values. */
  fields: (...values: Arguments) => Fields,
  /** Makes the arguments of listeners, before the options, from the event after the plugins and from the values. */
  payload: (event: DraftEvent, ...values: Arguments) => Arguments,
];

/** Reads the arguments, and identifies the user or group before the event is made: the event then has all traits known so far. */
function identified(args: Arguments, who: StoredUser): Arguments {
  const [id, traits, options] = userArguments(args, who.id());
  who.identify(id, traits);
  return [who.id(), who.traits(), options];
}

/** For each of the six calls: how to read its arguments, the fields of its event, and the arguments of its listeners. */
export const CALL_TABLE: Readonly<Record<EventMethod, Row>> = {
  track: [
    trackArguments,
    (event, properties) => ({ event, properties }),
    ({ properties }, name) => [name, properties],
  ],
  page: [
    pageArguments,
    (category, name, properties) => ({
      ...present({ category, name }),
      properties: { ...(properties as Fields), ...present({ category }) },
    }),
    ({ properties }, category, name) => [category, name, properties],
  ],
  screen: [
    pageArguments,
    (category, name, properties) => ({ ...present({ category, name }), properties }),
    ({ properties }, category, name) => [category, name, properties],
  ],
  identify: [identified, (userId, traits) => ({ userId, traits }), ({ userId, traits }) => [userId, traits]],
  group: [identified, (groupId, traits) => ({ groupId, traits }), ({ groupId, traits }) => [groupId, traits]],
  alias: [
    aliasArguments,
    (userId, previousId) => present({ userId, previousId }),
    (_event, to, from) => [to, from],
  ],
};
