/** What the benchmark must know of an SDK to run it like the others. */
export interface Candidate {
  readonly key: CandidateKey;
  readonly title: string;
  /** The file, in this project, that a page loads. */
  readonly script: string;
  /** Attributes of its `<script>`. */
  readonly attributes: Readonly<Record<string, string>>;
  /** JavaScript that the page runs before the script, as the SDK's documentation says; may be empty. */
  before(addresses: Addresses): string;
  /** JavaScript that the page runs after the script: makes the SDK, and puts it on `window.sdk`. */
  after(addresses: Addresses): string;
  /** JavaScript that the page runs after that: has `taken()` called when the SDK itself, and no stub of it, has an event. */
  readonly tellTaken: string;
  /** A JavaScript expression: a promise that the SDK is at work, and not only a stub that keeps calls for it. */
  readonly ready: string;
  /** What its collector answers to a GET, such as the SDK's settings. */
  resource(addresses: Addresses): object;
  /** The events in a body that was sent to the collector. */
  eventsIn(body: unknown): readonly SentEvent[];
}

export const CANDIDATE_KEYS = ['ours', 'standard', 'batching', 'amplitude'] as const;
export type CandidateKey = (typeof CANDIDATE_KEYS)[number];

export interface Addresses {
  /** Where the page comes from. */
  readonly page: string;
  /** Where the SDKs of others send to: never the page's own host. */
  readonly collector: string;
}

/** The properties that the page has tracked. */
export interface SentEvent {
  readonly position?: unknown;
}
