/**
 * Names of properties that only our own files use, which the build shortens: gzip cannot shorten a name that is written once.
 * The lazy files are built one by one, so that each name has the same short form in all of them. The names that the first load
 * uses most stand first. `test/unit/names.test.ts` checks that none of them is public, or a member of the browser or of the language.
 */
export const INTERNAL_NAMES: readonly string[] = (
  'ledger tell wipe leads settle sender transport leaving kept unsaved hasHeir report fail lifecycle ' +
  'evicted oldest wake wrapped idle begin leader declared ending visitor settled pluginInstance personal writeHead ' +
  'inMemory newCall isHeld eventCounter guard refuse gained quietMs openDurable takes onFallback hold ' +
  'isNarrow unsettled isPlanned endOwnWait plan captured diagnosis proxyMemory recovery ' +
  'acknowledgements isThere comeBack handOver heard onClose onEvicted erase onOpen onOpened onStored ' +
  'clearOwn gatherMs groupOptions keepaliveRoom onDenied onLost onUnauthorized setQuiet ' +
  'userOptions wasOthers ticket ours newId afterMs hurry lifeboat isOpen isFrame post plain later ' +
  'moved passed inTime acknowledge sendTo onHealed hasSettled examine isOut mayGo releasedKey secret known ' +
  'adopt lead epoch found database unlessHeld note timeoutError emitter gate decide inTurn standing ' +
  'receipt pendingRefresh serverClock lifetimeMs receivedAt isSuspect announced lastFailure ' +
  'wakeSender onTokenEvent beforeIdentityChange afterIdentityChange countRejection forgetServerTime ' +
  'nextPurpose clearFailures pendingChanges isStale fetchedAtMs recordCall returnedNone statusOf clearAll ' +
  'roundTripMs takenAt durationMs startedAt allowFiles onPause restrict ' +
  'refusedFor wasSetBack offsetMs isKnown issuedAtMs expiresInMs isUsable leftMs retryAt isRefused ' +
  'onUnknownKey fetchItems callJson rejectedAgain isDue ageOf hadPrefix receivedMs dueInMs clampMs atCap ' +
  'holder wallMs stamp announce validate isRead serverMs sentMs stepMs refusalText succeeded isCurrent renew acquire reading ' +
  'cancelled claims isAwake onSdkEvent keep setOpened clickOn hasLoaded endWaits hurryUp fetchMessages reportMetric onInboxAction ' +
  'awaitedElements againAtMs recordOf hasElement mayShow nowMs isOpened neededElement shownCount shownAtMs isSeen isDismissed snoozedUntilMs loadingUntilMs isPersistent candidates frameUrl customAttributes isScaled widthPx isWide heightPx isSystem fadeMs snoozeMinutes arrowColor hasStream onHeld isFresh onMissed onUnavailable onRefused onLists openStream keyHeader isAllowed reportSeen loadDisplay loadEmbeds setPaused setPage loadPageRules isVisible onEvent setMessages onToken onInboxChanged isAnonymous isDirect mayWrite retryAfterMs placement surface onIdentity isOwn'
).split(' ');

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const ONE_LETTER = `${LETTERS}${LETTERS.toUpperCase()}_`;

/** The short form of each name: one letter, then two. No other property of ours has such a name, which the same test checks. */
export const SHORT_NAMES: ReadonlyMap<string, string> = new Map(
  INTERNAL_NAMES.map((name, index) => [name, shortName(index)]),
);

function shortName(index: number): string {
  if (index < ONE_LETTER.length) return ONE_LETTER.charAt(index);
  const next = index - ONE_LETTER.length;
  // Lower-case pairs of frequent letters cost the fewest bits.
  return `${'enriscat'.charAt(Math.floor(next / LETTERS.length))}${LETTERS.charAt(next % LETTERS.length)}`;
}
