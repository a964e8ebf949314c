import type { RejectedEvent, WireEvent } from '../wire.ts';
import type { Refusal } from './answer.ts';
import type { Note } from './log.ts';
import type { Parcel } from './parcel.ts';
import type { TokenCheck } from './token-check.ts';
import type { TokenMode } from './token-options.ts';

/** A batch after everyone's right to speak for its persons has been looked at. */
export interface Judged {
  readonly passed: readonly Parcel[];
  readonly rejected: readonly RejectedEvent[];
}

export type Judge = (parcels: readonly Parcel[], note: Note) => Judged;

/** Looks at who sends, before the body is read. `token`: `null` when only a client key came. */
export type FindJudge = (token: string | null) => Promise<Judge | Refusal>;

/** Lets events through only when whoever sends them may speak for the person that they name. */
export function createJudges(mode: Exclude<TokenMode, 'disabled'>, verify: TokenCheck): FindJudge {
  const reportAll =
    (problem: string): Judge =>
    (passed, note) => {
      note.tokenReport = { [problem]: passed.length };
      return { passed, rejected: [] };
    };

  return async (token) => {
    const verdict = token === null ? null : await verify(token);
    if (verdict?.kind === 'refused') {
      if (mode === 'required') return verdict;
      return reportAll(verdict.reason === undefined ? verdict.code : `${verdict.code}:${verdict.reason}`);
    }
    const subject = verdict?.subject ?? null;
    return (parcels, note) => {
      const judged = judge(parcels, subject);
      if (judged.rejected.length === 0) return judged;
      note[mode === 'report' ? 'tokenReport' : 'rejected'] = countErrors(judged.rejected);
      return mode === 'report' ? { passed: parcels, rejected: [] } : judged;
    };
  };
}

function judge(parcels: readonly Parcel[], subject: string | null): Judged {
  const passed: Parcel[] = [];
  const rejected: RejectedEvent[] = [];
  for (const parcel of parcels) {
    const { id, event } = parcel;
    if (personsIn(event).every((person) => person === subject)) {
      passed.push(parcel);
      continue;
    }
    rejected.push({ messageId: id, error: subject === null ? 'token_required' : 'subject_mismatch' });
  }
  return { passed, rejected };
}

// `alias` merges the person of previousId into that of userId. Some servers read names of fields whatever their case.
const PERSON_FIELDS: ReadonlySet<string> = new Set(['userid', 'previousid']);

/** Up and down again: a long s (U+017F) is an s for those who ignore case. https://www.unicode.org/reports/tr44/#CaseFolding.txt */
const caseless = (name: string): string => name.toUpperCase().toLowerCase();

function personsIn(event: WireEvent): readonly unknown[] {
  return Object.entries(event)
    .filter(([field, value]) => PERSON_FIELDS.has(caseless(field)) && value !== null && value !== '')
    .map(([, value]) => value);
}

function countErrors(rejected: readonly RejectedEvent[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { error } of rejected) counts[error] = (counts[error] ?? 0) + 1;
  return counts;
}
