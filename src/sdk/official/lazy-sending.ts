import type { OutboxEvent, WaitingEvent } from '../outbox/contract.ts';
import type { Sender } from '../sender/contract.ts';
import type { Sending } from '../sender/sending.ts';
import type { Transport } from '../sender/transport.ts';

/**
 * The sending half of a core, whose file is loaded when the core begins. Until then events are stored, and stay stored when the page is
 * left: the next page sends them. Where the file cannot be loaded, each stored event tries it again.
 */
export function createLazySending(): Sending {
  let loading: Promise<Sending> | undefined;

  function load(): Promise<Sending> {
    loading ??= import('../sender/sending.ts').then(({ create }) => create());
    loading.catch(() => (loading = undefined));
    return loading;
  }

  return {
    createTransport(needs) {
      let made: Transport | undefined;
      const real = async (): Promise<Transport> => (made ??= (await load()).createTransport(needs));
      return {
        send: async (...args) => (await real()).send(...args),
        takes: () => true,
        keepaliveRoom: () => made?.keepaliveRoom() ?? 0,
        hurry: () => made?.hurry(),
        sendTo: (url) => made?.sendTo(url),
        abort: () => made?.abort(),
      };
    },

    createSender(needs) {
      let made: Sender | undefined;
      /** Events of this tab that are not settled, until the sender is there. */
      const recent = new Map<string, OutboxEvent>();
      const held = new Map<readonly WaitingEvent[], () => void>();

      async function real(): Promise<Sender> {
        const { createSender } = await load();
        if (!made) {
          made = createSender(needs);
          for (const event of recent.values()) made.captured(event);
          for (const events of held.keys()) held.set(events, made.hold(events));
        }
        return made;
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
    },
  };
}
