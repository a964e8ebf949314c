import {
  createStoredUser,
  type StoredUser,
  type StoredUserNeeds,
  type IdentityOptions,
} from './stored-user.ts';

/** The visitor and the visitor's group. Reports changes of the ids. */
export interface Visitor {
  readonly user: StoredUser;
  readonly group: StoredUser;
  /** Calls `tell` if user id or anonymous id differ from those of the last call. */
  changed(): void;
  /** Reads the stores again, after another tab may have changed them, and calls `changed`. */
  reload(): void;
  /** Deletes ids and traits from all stores. */
  wipe(): void;
}

export interface VisitorNeeds extends Pick<StoredUserNeeds, 'cookies' | 'local' | 'newId'> {
  readonly userOptions: IdentityOptions;
  readonly groupOptions: IdentityOptions;
  tell(ids: VisitorIds): void;
}

interface VisitorIds {
  readonly userId: string | null;
  readonly anonymousId: string | null;
}

/** The names that Customer.io's SDK uses, so that a site that changes to this package keeps its visitors. */
const USER_KEYS = { id: 'ajs_user_id', traits: 'ajs_user_traits', anonymous: 'ajs_anonymous_id' };
const GROUP_KEYS = { id: 'ajs_group_id', traits: 'ajs_group_properties' };

export function createVisitor(needs: VisitorNeeds): Visitor {
  const { cookies, local, newId, userOptions, groupOptions } = needs;
  const user = createStoredUser({ cookies, local, newId, options: userOptions, keys: USER_KEYS });
  const group = createStoredUser({ cookies, local, newId, options: groupOptions, keys: GROUP_KEYS });
  let userId = user.id() ?? null;
  let anonymousId = user.anonymousId() ?? null;

  const visitor: Visitor = {
    user,
    group,
    changed() {
      const [id, anonymous] = [user.id() ?? null, user.anonymousId() ?? null];
      if (id === userId && anonymous === anonymousId) return;
      userId = id;
      anonymousId = anonymous;
      needs.tell({ userId, anonymousId });
    },
    reload() {
      // Where the browser stores nothing, reading again would delete the ids in memory.
      if (!user.kept()) return;
      group.reload();
      user.reload();
      visitor.changed();
    },
    wipe() {
      user.wipe();
      group.wipe();
    },
  };
  return visitor;
}
