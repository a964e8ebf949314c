/**
 * The types of `firebase/auth` that the recipe uses, by its documentation: the package is too large to
 * install, and needs a newer Node.
 */
declare module 'firebase/auth' {
  interface User {
    readonly uid: string;
    getIdToken(forceRefresh?: boolean): Promise<string>;
  }

  /** https://firebase.google.com/docs/reference/js/auth.auth */
  interface Auth {
    readonly currentUser: User | null;
    authStateReady(): Promise<void>;
    signOut(): Promise<void>;
  }

  function getAuth(): Auth;
}
