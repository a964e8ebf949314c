/** What this browser is told of customer tokens, written down for the console. A token itself is told to nobody. */
import { TOKENS } from './report-keys.js';

const STEPS = 30;
const PEOPLE = 20;
/** Types that tell that the login gave nothing that could be used. */
const FAILURES = new Set([
  'provider_error',
  'provider_timeout',
  'not_provided',
  'subject_mismatch',
  'expired',
  'invalid',
]);

export function reportTokens(analytics) {
  analytics.on('token', (event) => note(event, analytics.customerTokenStatus()));
}

function note({ type, userId, status, retryAtMs }, { userId: now, state, expiresAtMs, retryAtMs: until }) {
  const { people = {}, steps = [] } = read();
  // A token that grows old says `expired` as well; only what the login gave is tried again at some time.
  const isFailure = FAILURES.has(type) && status === undefined && retryAtMs !== undefined;
  const { [userId]: before = { failures: 0, failure: null }, ...others } = people;
  const person = {
    at: Date.now(),
    failures: before.failures + Number(isFailure),
    failure: isFailure ? type : before.failure,
    ...(userId === now ? { state, expiresAtMs, retryAtMs: until } : { state: 'gone' }),
  };
  const known = Object.entries(others).slice(1 - PEOPLE);
  const report = {
    people: Object.fromEntries([...known, [userId, person]]),
    steps: [...steps, { at: person.at, id: userId, kind: type, retryAtMs }].slice(-STEPS),
  };
  localStorage.setItem(TOKENS, JSON.stringify(report));
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(TOKENS)) ?? {};
  } catch {
    return {};
  }
}
