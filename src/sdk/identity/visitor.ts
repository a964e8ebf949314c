import {
  createStoredUser,
  type StoredUser,
  type StoredUserNeeds,
  type IdentityOptions,
} from './stored-user.ts';

/** Who the visitor is, in which group, and when that changes. */
export interface Visitor {
  readonly user: StoredUser;
  readonly group: StoredUser;
  /** Tells it, if somebody else is meant than when it was asked last. */
  changed(): void;
  /** Another tab may have changed it. */
  reload(): void;
  /** Deletes every trace. */
  wipe(): void;
}

export interface VisitorNeeds extends Pick<StoredUserNeeds, 'cookies' | 'local' | 'newId'> {
  readonly userOptions: IdentityOptions;
  readonly groupOptions: IdentityOptions;
  tell(who: Who): void;
}

interface Who {
  readonly userId: string | null;
  readonly anonymousId: string | null;
}

/** Names as the wrapped SDK has them, so that a site that changes over keeps its visitors. */
const USER_KEYS = { id: 'ajs_user_id', traits: 'ajs_user_traits', anonymous: 'ajs_anonymous_id' };
const GROUP_KEYS = { id: 'ajs_group_id', traits: 'ajs_group_properties' };

export function createVisitor(needs: VisitorNeeds): Visitor {
  const user = createStoredUser({ ...needs, options: needs.userOptions, keys: USER_KEYS });
  const group = createStoredUser({ ...needs, options: needs.groupOptions, keys: GROUP_KEYS });
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
      // Where nothing is kept, what is remembered here is all there is.
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
