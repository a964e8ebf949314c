import type { ConsentState } from '../events.ts';

/** A call that waits for the visitor's decision. */
export interface HeldCall {
  /** Time of the call, in milliseconds since the epoch. */
  readonly at: number;
  run(): void;
  drop(reason: 'consent' | 'outbox-full' | 'expired'): void;
}

/** Holds calls until the visitor decides. Its first state is `pending`; each decision opens or closes it. */
export interface ConsentGate {
  state(): ConsentState;
  /** Runs the call, keeps it until consent, or drops it. Returns whether the call is kept. */
  pass(call: HeldCall): boolean;
  /** Changes the state. Returns whether the state was another one before. */
  set(next: ConsentState): boolean;
}

export interface ConsentGateNeeds {
  /** How many calls are kept until consent, and for how long. */
  readonly limits: { readonly maxEvents: number; readonly maxAgeMs: number };
  now(): number;
  /** Called before the kept calls run. */
  onOpen(): void;
  /** Called after the kept calls were dropped, also if the gate was never open. */
  onClose(): void;
  /** Called when the gate was open, and calls are kept until consent from now on. */
  onPause(): void;
}

export function createConsentGate({ limits, now, onOpen, onClose, onPause }: ConsentGateNeeds): ConsentGate {
  let state: ConsentState = 'pending';
  let held: HeldCall[] = [];
  return {
    state: () => state,
    pass(call) {
      const isHeld = state === 'pending';
      if (isHeld) {
        held.push(call);
        if (held.length > limits.maxEvents) held.shift()?.drop('outbox-full');
      } else if (state === 'granted') call.run();
      else call.drop('consent');
      return isHeld;
    },
    set(next) {
      if (next === state) return false;
      state = next;
      if (next === 'pending') {
        onPause();
        return true;
      }
      const waiting = held;
      held = [];
      if (next === 'granted') {
        onOpen();
        for (const call of waiting) {
          // A call may itself close the gate again.
          if (state !== 'granted') call.drop('consent');
          else if (now() - call.at > limits.maxAgeMs) call.drop('expired');
          else call.run();
        }
      } else {
        for (const call of waiting) call.drop('consent');
        onClose();
      }
      return true;
    },
  };
}
