import { inFrame, lifecycle } from '../browser.ts';
import type { TabMessage } from '../tabs/tab-channel.ts';
import type { CoreNeeds } from './contract.ts';
import type { CoreParts } from './parts.ts';

/** Acts on a message of another tab of the site. */
export async function hear(
  message: TabMessage,
  parts: CoreParts,
  { isOwn, emit, onDenied }: Pick<CoreNeeds, 'isOwn' | 'emit' | 'onDenied'>,
): Promise<void> {
  const { outbox, sender } = parts;
  switch (message.kind) {
    case 'stored':
      showLeader(parts);
      await outbox.refresh();
      sender.wake();
      return handOver(parts);
    case 'here':
      return parts.leader().heard();
    case 'told': {
      const { name, payload } = message;
      const ids = 'ids' in payload ? payload.ids : 'id' in payload ? [payload.id] : [];
      if (name === 'delivered' || name === 'dropped') {
        sender.settled(ids);
        await outbox.refresh();
      }
      const own = ids.filter(isOwn);
      return own.length ? emit(name, 'ids' in payload ? { ...payload, ids: own } : payload) : undefined;
    }
    case 'flush':
      showLeader(parts);
      return sender.flush();
    case 'identity':
      return parts.visitor.reload();
    case 'denied':
      return onDenied();
  }
}

/** Tells the other tabs that this tab leads. A leader whose events are in memory sends only those, so that another tab must take over. */
function showLeader({ leader, outbox, tabs }: CoreParts): void {
  if (leader().leads() && outbox.storage() === 'indexeddb') tabs.tell({ kind: 'here' });
}

const isBehind = (): boolean => inFrame() || lifecycle.hidden();

/**
 * Lets another tab send, if one stands in line: the browser slows a hidden page down, and may freeze it, and a frame goes with
 * its page.
 */
export async function handOver({ leader, sender }: CoreParts): Promise<void> {
  if (!isBehind() || !leader().leads()) return;
  await leader().ask();
  if (!isBehind() || !leader().hasHeir() || sender.busy()) return;
  leader().leave();
  leader().join();
}
