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
  /** Of the call's arguments, in whichever order they came: what the event is made of, then the options. */
  read: (args: Arguments, who: StoredUser) => Arguments,
  /** Of those: the fields of the event. */
  fields: (...given: Arguments) => Fields,
  /** What listeners hear of it, before its options: of the event as the plugins have left it, and of what was read. */
  told: (event: DraftEvent, ...given: Arguments) => Arguments,
];

/** Whoever is identified is so before the event is made: it gets all that is known of them by then. */
function identified(args: Arguments, who: StoredUser): Arguments {
  const [id, traits, options] = userArguments(args, who.id());
  who.identify(id, traits);
  return [who.id(), who.traits(), options];
}

/** How each of them reads its arguments, what becomes of those in its event, and what its listeners hear. */
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
