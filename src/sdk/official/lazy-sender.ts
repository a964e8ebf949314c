import type { OutboxEvent, WaitingEvent } from '../outbox/contract.ts';
import type { SendingNeeds } from '../sender/assemble-sender.ts';
import type { Sender } from '../sender/contract.ts';

/**
 * The sender of a core, whose file is loaded when the core begins. Until then events are stored, and stay stored when the page is left:
 * the next page sends them. Where the file cannot be loaded, each stored event tries it again.
 */
export function createLazySender(needs: SendingNeeds): Sender {
  let made: Sender | undefined;
  let making: Promise<Sender> | undefined;
  /** Events of this tab that are not settled, until the sender is there. */
  const recent = new Map<string, OutboxEvent>();
  const held = new Map<readonly WaitingEvent[], () => void>();

  function real(): Promise<Sender> {
    making ??= import('../sender/sending.ts').then(({ create }) => {
      const sender = (made = create(needs));
      for (const event of recent.values()) sender.captured(event);
      for (const events of held.keys()) held.set(events, sender.hold(events));
      return sender;
    });
    making.catch(() => (making = undefined));
    return making;
  }
  const wake = (): void => {
    if (made) made.wake();
    else if (!needs.ending.aborted)
      real().then(
        (sender) => sender.wake(),
        () => {},
      );
  };
  // A core that only deletes what an earlier visit has stored ends in the task in which it begins, and loads nothing.
  void Promise.resolve().then(wake);

  return {
    wake,
    captured(event) {
      if (made) made.captured(event);
      else recent.set(event.id, event);
    },
    settled(ids) {
      for (const id of ids) recent.delete(id);
      made?.settled(ids);
    },
    flush: () =>
      real().then(
        (sender) => sender.flush(),
        () => {},
      ),
    busy: () => made?.busy() ?? false,
    hasSettled: (id) => made?.hasSettled(id) ?? false,
    unsettled: () => made?.unsettled() ?? [...recent.values()],
    leaving: (...args) => made?.leaving(...args),
    hold(events) {
      held.set(events, made?.hold(events) ?? (() => {}));
      return () => {
        held.get(events)?.();
        held.delete(events);
      };
    },
    acknowledge: async (events) => (await real()).acknowledge(events),
  };
}
