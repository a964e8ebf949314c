import type { TokenResult } from '../auth/contract.ts';
import type { Core } from '../core/contract.ts';
import type { FirstPartyDelivery, OfficialAnalytics } from './contract.ts';

/** The customer token that the application sets, and the methods of the plugin that concern it. */
export interface OfficialToken {
  readonly methods: Pick<
    FirstPartyDelivery,
    'customerTokenStatus' | 'refreshCustomerToken' | 'setCustomerToken'
  >;
  /** Hands the token to a core that has just begun. */
  begin(): void;
  /** To be called when the person may have changed: hands over a token that waits for one. */
  identified(): void;
  /** The person has ended. */
  forget(): void;
}

/** @param analytics returns the instance of Customer.io's SDK that is connected */
export function createOfficialToken(
  core: () => Pick<Core, 'personal'> | undefined,
  analytics: () => OfficialAnalytics | undefined,
  failed: (cause: unknown) => void,
): OfficialToken {
  let token: TokenResult | null | undefined;
  /** Whether the token was set while calls waited for Customer.io's SDK to load, of which one may identify its person. */
  let isEarly = false;

  function begin(): void {
    const current = core();
    // A token is ignored while nobody is identified.
    if (!current || token === undefined || (isEarly && !analytics()?.user().id())) return;
    isEarly = false;
    current.personal.ask('set', [token]).catch(failed);
  }

  const customerTokenStatus: FirstPartyDelivery['customerTokenStatus'] = () =>
    core()?.personal.status() ?? { state: 'none', userId: null };

  return {
    methods: {
      setCustomerToken(next) {
        token = next;
        isEarly = !analytics()?.initialized;
        begin();
      },
      refreshCustomerToken: async () => {
        await core()
          ?.personal.ask('refresh', [])
          .catch(() => {});
        return customerTokenStatus();
      },
      customerTokenStatus,
    },
    begin,
    identified() {
      if (isEarly) begin();
    },
    forget() {
      // The calls that wait for the SDK may begin with a reset.
      if (!isEarly) token = undefined;
    },
  };
}
