/**
 * A stand-in for `firebase/auth` in the page: the signed-in user stays when the page is left, and is known
 * only 500 ms after a page has loaded.
 */
import type { Auth, User } from 'firebase/auth';

const STORED = 'firebase:authUser';
const ENDPOINT = 'https://securetoken.googleapis.com/v1/token';

function userOf(uid: string): User {
  let kept: Promise<string> | undefined;
  async function load(): Promise<string> {
    const answer = await fetch(`${ENDPOINT}?refresh_token=${encodeURIComponent(uid)}`, { method: 'POST' });
    return ((await answer.json()) as { id_token: string }).id_token;
  }
  return {
    uid,
    getIdToken: (forceRefresh = false) => (kept = (forceRefresh ? undefined : kept) ?? load()),
  };
}

/** `currentUser` is null until the stored user has been read and looked up at the server, as in Firebase. */
export function getAuth(): Auth {
  let currentUser: User | null = null;
  const lookUp = new Promise((resolve) => setTimeout(resolve, 500));
  const ready = lookUp.then(() => {
    const uid = sessionStorage.getItem(STORED);
    currentUser = uid === null ? null : userOf(uid);
  });
  return {
    get currentUser() {
      return currentUser;
    },
    authStateReady: () => ready,
    async signOut() {
      sessionStorage.removeItem(STORED);
      currentUser = null;
    },
  };
}

/** Replaces the page of Firebase on which people sign in. */
export const signInAs = (uid: string): void => sessionStorage.setItem(STORED, uid);
