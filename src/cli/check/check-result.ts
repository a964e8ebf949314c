/** A line of the result of a run. */
export interface CheckResult {
  /** The group of checks that it belongs to. */
  readonly group: string;
  /** The name of the check. */
  readonly name: string;
  /**
   * `pass`: it is as it should be. `fail`: the SDK needs it, or events are lost without it. `warn`: the SDK works
   * without it. `skip`: not tried, or not possible to tell.
   */
  readonly status: Status;
  /** The observation, such as the status of an answer. */
  readonly detail: string;
  /** With `fail` and `warn`: what to change. */
  readonly advice?: string;
}

export type Status = 'pass' | 'fail' | 'warn' | 'skip';

/** A result without its group. `blocks`: the checks that it makes pointless, all of them or those that send events. */
export type Finding = Omit<CheckResult, 'group'> & { readonly blocks?: 'all' | 'events' };

export const pass = (name: string, detail: string): Finding => ({ name, status: 'pass', detail });
export const skip = (name: string, detail: string): Finding => ({ name, status: 'skip', detail });
/** A check that is not made in a dry run. */
export const skipInDryRun = (name: string): Finding => skip(name, 'skipped: --send sends events');
export const warning = (name: string, detail: string, advice: string): Finding => ({
  name,
  status: 'warn',
  detail,
  advice,
});
export const fail = (name: string, detail: string, advice: string, blocks?: 'all' | 'events'): Finding => ({
  name,
  status: 'fail',
  detail,
  advice,
  ...(blocks && { blocks }),
});
