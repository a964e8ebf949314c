/**
 * What becomes of each person's customer tokens, as the shop's server sees it: what its login gave, and what the proxy said
 * of it. Tokens are told apart by their `jti`; their text is not kept.
 */
import { rightNow } from '../clock.ts';
import type { LoginBehaviour } from '../faults.ts';
import { isObject, parseJson } from '../http.ts';
import type { ProxyLogEntry } from '../../src/proxy.ts';
import type { Shopper } from './people.ts';

export interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly issued: number;
  /** How many of them were asked for before the last one had ended. */
  readonly ahead: number;
  readonly refused: number;
  /** Why the proxy refused the latest, such as `expired`. */
  readonly refusedFor: string | null;
  /** How many private calls the proxy has let through. */
  readonly accepted: number;
}

export interface TokenStep {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly id: string;
  readonly kind: 'signed-in' | 'signed-out' | 'issued' | 'renewed' | 'withheld' | 'refused';
  /** Why it was asked for, what the login did instead, or why the proxy refused it. */
  readonly detail: string;
}

export interface TokenReport {
  readonly people: readonly TokenRow[];
  /** The latest ones. */
  readonly steps: readonly TokenStep[];
  /** How often the proxy has answered what, by `200` or `401 invalid_token expired`. */
  readonly answers: { readonly events: Answers; readonly private: Answers };
}

type Answers = Readonly<Record<string, number>>;

export interface TokenLife {
  report(): TokenReport;
  signedIn(shopper: Shopper): void;
  signedOut(shopper: Shopper): void;
  /** `reason`: why the page asked for it. */
  issued(shopper: Shopper, token: string, reason: string): void;
  /** The login gave none. */
  withheld(shopper: Shopper, login: LoginBehaviour): void;
  /** What the proxy answered to a request with this `Authorization`. */
  answered(entry: ProxyLogEntry, authorization: string | undefined): void;
}

const MOST_PEOPLE = 50;
const MOST_STEPS = 30;
const MOST_TOKENS = 1_000;

/** `onChange` is called when the report has changed. */
export function createTokenLife(onChange: () => void): TokenLife {
  const rows = new Map<string, TokenRow>();
  const owners = new Map<string, string>();
  const answers: Record<'events' | 'private', Record<string, number>> = { events: {}, private: {} };
  let steps: readonly TokenStep[] = [];

  function change(id: string, how: (row: TokenRow) => Partial<TokenRow>): void {
    const row = rows.get(id);
    if (row) rows.set(id, { ...row, ...how(row) });
  }

  function step(id: string, kind: TokenStep['kind'], detail = ''): void {
    steps = [...steps, { at: rightNow(), id, kind, detail }].slice(-MOST_STEPS);
    onChange();
  }

  return {
    report: () => ({ people: [...rows.values()], steps, answers }),
    signedIn({ id, name }) {
      const before = rows.get(id) ?? { issued: 0, ahead: 0, refused: 0, refusedFor: null, accepted: 0 };
      rows.delete(id);
      rows.set(id, { ...before, id, name });
      forgetOldest(rows, MOST_PEOPLE);
      step(id, 'signed-in');
    },
    signedOut: ({ id }) => step(id, 'signed-out'),
    issued({ id }, token, reason) {
      const isAhead = reason === 'due';
      const jti = tokenId(token);
      if (jti !== undefined) owners.set(jti, id);
      forgetOldest(owners, MOST_TOKENS);
      change(id, ({ issued, ahead }) => ({ issued: issued + 1, ahead: ahead + Number(isAhead) }));
      step(id, isAhead ? 'renewed' : 'issued', reason);
    },
    withheld: ({ id }, login) => step(id, 'withheld', login),
    answered({ path, status, error, reason }, authorization) {
      const what = [status, error, reason].filter((word) => word !== undefined).join(' ');
      const kind = path.endsWith('/v1/batch') ? 'events' : 'private';
      answers[kind][what] = (answers[kind][what] ?? 0) + 1;
      const id = owners.get(tokenId(authorization?.replace(/^Bearer /, '') ?? '') ?? '');
      if (id === undefined) return onChange();
      if (status < 300) change(id, ({ accepted }) => ({ accepted: accepted + 1 }));
      if (status !== 401) return onChange();
      const refusedFor = reason ?? error ?? '';
      change(id, ({ refused }) => ({ refused: refused + 1, refusedFor }));
      return step(id, 'refused', refusedFor);
    },
  };
}

function forgetOldest(map: Map<string, unknown>, most: number): void {
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}

function tokenId(token: string): string | undefined {
  const claims = parseJson(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  return isObject(claims) && typeof claims['jti'] === 'string' ? claims['jti'] : undefined;
}
