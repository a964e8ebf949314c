import type { TokenIdentity, TokenStatus } from '../auth/contract.ts';
import { SdkError } from '../../protocol/errors.ts';
import { EMPTY_LEDGER } from '../outbox/contract.ts';
import type { WakeSender, DeliveryParts } from './authorized-delivery.ts';
import type { PrivateClient, PrivateMethods, PrivateNeeds } from './private-client.ts';

/**
 * Loads the private client and passes calls to it. The file is loaded with the first private call, or at once when the
 * application has a provider.
 */
export interface LazyPrivate {
  /** Calls a private method by its name, for the person who is identified now. */
  ask(name: keyof PrivateMethods, args: readonly unknown[]): Promise<unknown>;
  /** Returns undefined until the private client is loaded. */
  status(): TokenStatus | undefined;
  /** To be called when the identity has changed, before listeners of the application are. */
  identity(identity: TokenIdentity): void;
  /**
   * Passes an event of the wrapped SDK to in-app messages: page views decide which messages are shown. With an empty name, the
   * application has paused or resumed messages, or dismisses the message whose id is the first of `args`.
   */
  onSdkEvent(name: string, args: readonly unknown[]): void;
  /**
   * Returns parts that send the events of a person only with that person's token; with the option `authorization: 'client-key'`,
   * the same parts as before.
   */
  guard(parts: DeliveryParts, wakeSender: WakeSender): DeliveryParts;
}

export function createLazyPrivate(needs: Omit<PrivateNeeds, 'epoch' | 'SdkError'>): LazyPrivate {
  // Increased by each change of the identity: a person who is identified again has another epoch than before.
  let epoch = 0;
  let client: PrivateClient | undefined;
  // All calls wait for the same promise, which keeps their order. After a failure, the next call loads the file again.
  let clientPromise: Promise<PrivateClient> | undefined;

  function load(): Promise<PrivateClient> {
    clientPromise ??= import('./private-client.ts').then(
      ({ create }) => (client = create({ ...needs, epoch: () => epoch, SdkError })),
    );
    clientPromise.catch(() => (clientPromise = undefined));
    return clientPromise;
  }
  // After a failure, the next call loads the file again; for in-app messages, the next event.
  const onSdkEvent = (name: string, args: readonly unknown[]): void => {
    if (needs.settings.inApp)
      load().then(
        (loaded) => loaded.onSdkEvent(name, args),
        () => {},
      );
  };
  onSdkEvent('', []);
  if (needs.settings.customerToken) void load();

  return {
    async ask(name, args) {
      const epochOfCall = epoch;
      return (await load()).ask(epochOfCall, name, args);
    },
    onSdkEvent,
    status: () => client?.status(),
    identity(identity) {
      epoch++;
      client?.identity(identity);
    },
    guard(parts, wakeSender) {
      if (needs.settings.delivery.authorization === 'client-key') return parts;
      const authorizedParts: DeliveryParts = {
        // Until the client is loaded, the sender finds no events. Each search of the sender loads the client, or tries that again.
        // Then `guard` of the client replaces these functions and wakes the sender.
        outbox: {
          ...parts.outbox,
          ledger: () => EMPTY_LEDGER,
          async oldest() {
            await load().then(
              ({ guard }) => guard(parts, authorizedParts, wakeSender),
              () => {},
            );
            return [];
          },
        },
        transport: { ...parts.transport, takes: () => false },
      };
      return authorizedParts;
    },
  };
}
