import type { TokenIdentity, TokenStatus } from '../auth/contract.ts';
import { SdkError } from '../../protocol/errors.ts';
import { EMPTY_LEDGER } from '../outbox/contract.ts';
import type { WakeSender, DeliveryParts } from './authorized-delivery.ts';
import type { PrivateClient, PrivateMethods, PrivateNeeds } from './private-client.ts';

/** Private calls, for those who make any: what they need is loaded with the first, or at once where there is a provider. */
export interface LazyPrivate {
  /** By its name, for the person of this moment. */
  ask(name: keyof PrivateMethods, args: readonly unknown[]): Promise<unknown>;
  /** undefined until it is loaded. */
  status(): TokenStatus | undefined;
  /** Somebody else, before anybody is told of it. */
  identity(who: TokenIdentity): void;
  /** Lets no event pass but with the token of whom it is of, if the site wants that. */
  guard(way: DeliveryParts, nudge: WakeSender): DeliveryParts;
}

export function createLazyPrivate(needs: Omit<PrivateNeeds, 'epoch' | 'SdkError'>): LazyPrivate {
  // Counts who it was: the same person again, after another, is not the same.
  let epoch = 0;
  let client: PrivateClient | undefined;
  // One promise for all, which keeps their order; what could not be loaded may be the next time.
  let loading: Promise<PrivateClient> | undefined;

  function loaded(): Promise<PrivateClient> {
    loading ??= import('./private-client.ts').then(
      ({ create }) => (client = create({ ...needs, epoch: () => epoch, SdkError })),
    );
    loading.catch(() => (loading = undefined));
    return loading;
  }
  if (needs.settings.customerToken) void loaded(); // where it fails, whoever asks is told

  return {
    async ask(name, args) {
      const asked = epoch;
      return (await loaded()).ask(asked, name, args);
    },
    status: () => client?.status(),
    identity(who) {
      epoch++;
      client?.identity(who);
    },
    guard(way, nudge) {
      if (needs.settings.delivery.authorization === 'client-key') return way;
      const guarded: DeliveryParts = {
        // Until it is loaded: asked for again by whatever wakes the sender.
        outbox: {
          ...way.outbox,
          ledger: () => EMPTY_LEDGER,
          async oldest() {
            await loaded().then(
              ({ guard }) => guard(way, guarded, nudge),
              () => {},
            );
            return [];
          },
        },
        transport: { ...way.transport, takes: () => false },
      };
      return guarded;
    },
  };
}
