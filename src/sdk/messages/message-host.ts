import type { QueueMessage } from '../../protocol/messages.ts';
import { afterInLife, findElement, onPageChange } from './display/page-elements.ts';
import type { Display, DisplayReport } from './display/contract.ts';
import type { InAppMessageEvent, MessageHost, MessageHostNeeds } from './contract.ts';
import type { ShowableMessage } from './message-options.ts';
import type { MessageState } from './message-state.ts';
import type { PageRules, RulePage } from './page-rule.ts';
import { type Candidate, pickMessages } from './pick-messages.ts';
import { whenClosed, whenLoading, whenShown, whenSnoozed } from './record-changes.ts';

/** A message with a page rule waits so long for the first page view. */
const FIRST_PAGE_MS = 2_000;
/** How long after a page view an element is awaited. Each change of the page in this time costs a search. */
const ELEMENT_WAIT_MS = 30_000;

export function createMessageHost(needs: MessageHostNeeds): MessageHost {
  const { clock, page, ending } = needs;
  /** Tests page rules. The file for them is loaded with the first message that has one. */
  let pageRules: PageRules | undefined;
  let isRulesAsked = false;
  let state: MessageState | undefined;
  let messages: readonly QueueMessage[] = [];
  let embeds: readonly QueueMessage[] = [];
  let route: string | undefined;
  let isPaused = false;
  let display: Display | undefined;
  let displayPromise: Promise<void> | undefined;
  /** By `instanceId`. */
  const open = new Map<string, Candidate>();
  let failed = new Set<string>();
  let closed = new Set<string>();
  let stopTimer: (() => void) | undefined;
  /** Aborts the wait for elements. */
  let awaiting: AbortController | undefined;
  let awaitUntilMs = clock.now() + ELEMENT_WAIT_MS;

  const rulePage = (): RulePage | undefined =>
    route === undefined ? undefined : { route, pathname: needs.pathname() };

  /** Whether a message with this rule may be shown. */
  const mayShow: PageRules = (rule, at) => {
    if (!pageRules && !isRulesAsked) {
      isRulesAsked = true;
      needs.loadPageRules(needs.tell).then(
        (loaded) => {
          pageRules = loaded;
          update();
        },
        () => (isRulesAsked = false),
      );
    }
    return pageRules ? pageRules(rule, at) : !rule;
  };

  /** Returns the messages that may be shown now. Sets the timer and the observer for those that wait. */
  function pick(): readonly Candidate[] {
    stopTimer?.();
    awaiting?.abort();
    if (!state || isPaused || ending.aborted || !needs.isVisible()) return [];
    const { get } = state;
    const { candidates, awaitedElements, againAtMs } = pickMessages({
      messages: [...messages, ...embeds],
      nowMs: clock.now(),
      page: rulePage(),
      open: Array.from(open.values()),
      failed,
      closed,
      recordOf: get,
      mayShow,
      hasElement: (elementId) => findElement(page, elementId) !== undefined,
    });
    if (againAtMs !== undefined) stopTimer = clock.after(againAtMs - clock.now(), update);
    const waitMs = awaitUntilMs - clock.now();
    if (awaitedElements.length && waitMs > 0 && page.defaultView) {
      const { signal } = (awaiting = new AbortController());
      onPageChange(page, page.defaultView, signal, () => {
        if (awaitedElements.some((elementId) => findElement(page, elementId))) update();
      });
      afterInLife(clock, signal, waitMs, () => awaiting?.abort());
    }
    return candidates;
  }

  function update(): void {
    const candidates = pick();
    if (!candidates.length) return;
    if (!display) {
      displayPromise ??= needs
        .loadDisplay({ report, showMessage })
        .then((loaded) => {
          display = loaded;
        })
        .finally(() => (displayPromise = undefined));
      // Without the file, the next page view or fetch tries again.
      displayPromise.then(update, () => undefined);
      return;
    }
    const own = state;
    for (const candidate of candidates) {
      const { queueId, message } = candidate;
      const isWanted = needs.canShow(showableOf(candidate));
      // The function of the application may have changed the person, or paused messages.
      if (state !== own || isPaused) return;
      if (isWanted) {
        state?.update(queueId, whenLoading(clock.now()));
        show(candidate, message);
      }
    }
  }

  function show(
    candidate: Candidate,
    { messageId, properties }: Pick<QueueMessage, 'messageId' | 'properties'>,
  ): void {
    const instanceId = needs.newId();
    open.set(instanceId, candidate);
    if (!display?.show({ instanceId, messageId, properties })) {
      open.delete(instanceId);
      state?.update(candidate.queueId, { loadingUntilMs: 0 });
    }
  }

  /** Shows a message that another message has named: it is in no queue. */
  function showMessage(messageId: string, properties: Readonly<Record<string, unknown>>): void {
    const queueId = needs.newId();
    const message = { queueId, messageId, properties };
    const rules = { slot: 'modal', isPersistent: false };
    show({ queueId, slot: rules.slot, message, rules, isOpened: false }, message);
  }

  function emit(
    type: InAppMessageEvent['type'],
    candidate: Candidate,
    action?: Partial<InAppMessageEvent>,
  ): void {
    const { messageId, deliveryId } = showableOf(candidate);
    needs.onEvent({ type, messageId, ...(deliveryId && { deliveryId }), ...action });
  }

  function report(what: DisplayReport): void {
    const { instanceId, type } = what;
    const candidate = open.get(instanceId);
    if (!candidate || !state) return;
    const { queueId, rules, message, isOpened } = candidate;
    const { handle } = message;
    const nowMs = clock.now();
    if (type === 'shown') {
      state.update(queueId, whenShown(rules, state.get(queueId), nowMs));
      if (isOpened && handle) needs.reportMetric(handle, 'opened');
      if (isOpened && !rules.isPersistent) reportSeen(queueId);
      emit('shown', candidate);
      return;
    }
    if (type === 'action') {
      const { action, name } = what;
      if (handle && !action.startsWith('gist://close'))
        needs.reportMetric(handle, 'clicked', { name, value: action });
      emit('action', candidate, { actionName: name, actionValue: action });
      return;
    }
    if (type === 'event') {
      if (what.name === 'analytics:track') needs.track(what.payload);
      return;
    }
    // The message is no longer in the page.
    open.delete(instanceId);
    if (type === 'dismissed') {
      closed.add(queueId);
      const { snoozeMinutes } = what;
      state.update(
        queueId,
        snoozeMinutes === undefined ? whenClosed(rules) : whenSnoozed(snoozeMinutes, nowMs),
      );
      if (snoozeMinutes === undefined && rules.isPersistent) reportSeen(queueId);
    } else {
      if (type === 'error') failed.add(queueId);
      state.update(queueId, { loadingUntilMs: 0 });
    }
    if (type !== 'gone') emit(type, candidate);
    update();
  }

  function reportSeen(queueId: string): void {
    // The service does not know the messages of the page.
    if (messages.some((each) => each.queueId === queueId)) needs.reportSeen(queueId);
  }

  /** Looks for messages that the page itself contains. The file for them is loaded only where there are any. */
  async function findEmbeds(): Promise<void> {
    const has = page.querySelector('[data-cio-embed-payload]');
    embeds = has ? await needs.loadEmbeds(page).catch(() => []) : [];
    if (embeds.length) update();
  }

  /** Removes every frame, without a report. The messages that were still loading may be shown again. */
  function removeAll(): void {
    for (const { queueId } of open.values()) state?.update(queueId, { loadingUntilMs: 0 });
    open.clear();
    display?.removeAll();
  }

  function setPage(next: string): void {
    route = next;
    failed = new Set();
    closed = new Set();
    awaitUntilMs = clock.now() + ELEMENT_WAIT_MS;
    void findEmbeds();
    const now = rulePage();
    const isMisplaced = ({ rules: { rule } }: Candidate): boolean =>
      Boolean(rule && now && !mayShow(rule, now));
    const misplaced = Array.from(open).filter(([, candidate]) => isMisplaced(candidate));
    for (const [instanceId, { queueId }] of misplaced) {
      // Deleted first: what the display reports of this message is ignored.
      open.delete(instanceId);
      state?.update(queueId, { loadingUntilMs: 0 });
      display?.dismiss(instanceId);
    }
    update();
  }

  ending.addEventListener('abort', () => {
    stopTimer?.();
    awaiting?.abort();
    open.clear();
  });
  afterInLife(clock, ending, FIRST_PAGE_MS, () => {
    if (route !== undefined) return;
    // The page makes no page views: what was closed on it stays closed.
    route = page.URL;
    update();
  });

  return {
    begin(next) {
      removeAll();
      state = next;
      messages = [];
      failed = new Set();
      closed = new Set();
      void findEmbeds();
      update();
    },
    setMessages(next, isOwn) {
      messages = next;
      // Another device, or the page before this one, may not have been able to report it.
      for (const { queueId } of isOwn ? next : [])
        if (state?.get(queueId).isSeen && !isOpenNow(queueId)) needs.reportSeen(queueId);
      update();
    },
    setPage,
    setPaused(next) {
      isPaused = next;
      if (isPaused) removeAll();
      update();
    },
    dismiss(id) {
      for (const [instanceId, candidate] of Array.from(open)) {
        const { messageId, deliveryId } = showableOf(candidate);
        if (id === messageId || id === deliveryId) display?.dismiss(instanceId);
      }
    },
    update,
  };

  function isOpenNow(queueId: string): boolean {
    return Array.from(open.values()).some((each) => each.queueId === queueId);
  }
}

/** The facts of a message that the application gets. */
function showableOf({
  message: { messageId, properties },
  rules: { deliveryId },
}: Candidate): ShowableMessage {
  return { messageId, ...(deliveryId !== undefined && { deliveryId }), properties };
}
