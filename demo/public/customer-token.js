/** Asks the shop's own server for a customer token: it knows by its cookie who is signed in. */
import { forgetAccount, readAccount } from './account.js';

async function provider({ userId, reason, signal }) {
  const response = await fetch('/account/token', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ userId, reason }),
    signal,
  });
  const { token, expiresIn, error } = await response.json();
  if (error === 'signed_out' && readAccount()?.id === userId) {
    forgetAccount();
    window.cioanalytics.anonymize();
  }
  // Nobody, or somebody else, as far as the server knows: there is no token for this person.
  if (response.status === 401 || response.status === 403) return null;
  if (!response.ok) throw new Error(`The login answered ${response.status}`);
  return token && { token, expiresIn };
}

/** Shorter waits than those of a real shop, so that they can be watched in the console. */
export const customerToken = {
  provider,
  timeoutMs: 4_000,
  nullTtlMs: 5_000,
  backoffCapMs: 10_000,
  breakerMs: 20_000,
  breakerCapMs: 60_000,
};
