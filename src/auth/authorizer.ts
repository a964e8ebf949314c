/** Puts the credentials of this site on a request. */
export interface Authorizer {
  /** The headers to send, at once: a page that is leaving cannot wait. */
  headers(): Readonly<Record<string, string>>;
}
