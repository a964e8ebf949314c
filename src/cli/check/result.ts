/** What one check found. */
export interface CheckResult {
  /** The part of the contract that it belongs to. */
  readonly group: string;
  readonly name: string;
  /**
   * `fail`: the SDK needs it, or events are lost without it. `warn`: the SDK gets along. `skip`: not asked, or not
   * possible to tell.
   */
  readonly status: Status;
  readonly detail: string;
  /** What to change. */
  readonly advice?: string;
}

export type Status = 'pass' | 'fail' | 'warn' | 'skip';

/** A row before it has its group, and what it makes pointless: every other check, or those that send events. */
export type Finding = Omit<CheckResult, 'group'> & { readonly blocks?: 'all' | 'events' };

export const pass = (name: string, detail: string): Finding => ({ name, status: 'pass', detail });
export const skip = (name: string, detail: string): Finding => ({ name, status: 'skip', detail });
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
