import type { ProducerVisitor } from './contract.ts';
import type { Lifeboat } from '../outbox/lifeboat.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Sender } from '../sender/contract.ts';
import type { Leader } from '../tabs/leader-lock.ts';
import type { TabChannel } from '../tabs/tab-channel.ts';

/** The parts of a core. They are put in one by one; none calls another before all of them are there. */
export interface CoreParts {
  visitor: ProducerVisitor;
  outbox: Outbox;
  lifeboat: Lifeboat;
  /** Returns the leader of this moment: where the browser has no Web Locks, another one is loaded and takes its place. */
  leader: () => Leader;
  sender: Sender;
  tabs: TabChannel;
}
