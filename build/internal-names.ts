/**
 * Names of properties that only our own files use, which the build shortens: gzip cannot shorten a name that is written once.
 * The lazy files are built one by one, so that each name has the same short form in all of them. The names that are written
 * most stand first. `test/unit/architecture.test.ts` checks that none of them is public, or a member of the browser or of the language.
 */
export const INTERNAL_NAMES: readonly string[] = (
  'ledger stops sender settle lifecycle transport evicted captured leaving visitor accounts diagnosis oldest ' +
  'kept leads remembered wipe guard unsaved refuse settled wake later moved wrapped recovery acks gained ' +
  'quietMs hasHeir isNews isThere passed inTime openDurable personal takes unlessHeld idle isOver ' +
  'note onFallback writeHead comeBack handOver heard inMemory newCall onClose acknowledge hold isNarrow ' +
  'sendTo onEvicted onHealed erase hasSettled maxHeld onOpen onOpened onReadsGzip onStored timeoutError unsettled ' +
  'clearOwn examine gatherMs groupOptions isOut keepaliveRoom mayGo onDenied onLost onUnauthorized readsGzip ' +
  'setQuiet userOptions wasOthers ticket ours report newId releasedKey secret known adopt afterMs lead tell epoch begin hurry ' +
  'pendingRefresh serverClock lifetimeMs receivedAt isSuspect announced lastFailure wakeSender onTokenEvent ' +
  'beforeIdentityChange afterIdentityChange countRejection forgetServerTime nextPurpose clearFailures ' +
  'pendingChanges isStale fetchedAtMs recordCall returnedNone statusOf clearAll roundTripMs takenAt ' +
  'durationMs startedAt'
).split(' ');

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_';

/** The short form of each name: one letter, then `$` and a letter. No other property of ours has such a name. */
export const SHORT_NAMES: ReadonlyMap<string, string> = new Map(
  INTERNAL_NAMES.map((name, index) => [name, shortName(index)]),
);

function shortName(index: number): string {
  const letter = LETTERS[index % LETTERS.length] ?? '';
  return index < LETTERS.length ? letter : `${'$'.repeat(Math.floor(index / LETTERS.length))}${letter}`;
}
