// @vitest-environment node
/** The parts of the folder together: which messages a visitor sees, over pages and tabs of one browser. */
import { webcrypto } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { QueueMessage } from '../../../../src/protocol/messages.ts';
import { createMessageStates, type MessageState } from '../../../../src/sdk/messages/message-state.ts';
import { createPageRules } from '../../../../src/sdk/messages/page-rule.ts';
import {
  type Candidate,
  type OpenMessage,
  pickMessages,
} from '../../../../src/sdk/messages/pick-messages.ts';
import {
  whenClosed,
  whenLoading,
  whenShown,
  whenSnoozed,
} from '../../../../src/sdk/messages/record-changes.ts';
import { fakeClock } from '../../../fakes/clock.ts';
import { fakeTextStore } from '../../../fakes/text-store.ts';
import { queueMessage } from './setup.ts';

interface Page {
  readonly state: MessageState;
  /** Puts the frames of the messages that may be shown into the page, and returns these messages. */
  load(): readonly Candidate[];
  /** Loads, and tells that the renderer has drawn the messages. Returns their queue ids; `opened q1`: reported as opened. */
  show(): readonly string[];
  close(queueId: string): void;
  snooze(queueId: string, minutes: number): void;
}

/** A browser with one clock and one storage, in which pages are opened for these messages. */
function browser(messages: readonly QueueMessage[], person?: string) {
  const clock = fakeClock();
  const states = createMessageStates({
    local: fakeTextStore(),
    scope: 'site',
    clock,
    subtle: webcrypto.subtle as SubtleCrypto,
    randomNumbers: (count) => [...webcrypto.getRandomValues(new Uint32Array(count))],
    mayWrite: () => true,
  });

  async function openPage(): Promise<Page> {
    const state = await states(person);
    const closed = new Set<string>();
    let open: readonly (OpenMessage & Pick<Candidate, 'rules'>)[] = [];

    function load(): readonly Candidate[] {
      const { candidates } = pickMessages({
        messages,
        nowMs: clock.now(),
        page: { route: 'home', pathname: '/' },
        open,
        failed: new Set(),
        closed,
        recordOf: state.get,
        mayShow: createPageRules(() => undefined),
        hasElement: () => false,
      });
      open = [...open, ...candidates];
      for (const { queueId } of candidates) state.update(queueId, whenLoading(clock.now()));
      return candidates;
    }

    function remove(queueId: string): Candidate['rules'] {
      const message = open.find((each) => each.queueId === queueId);
      if (!message) throw new Error(`${queueId} is not open`);
      open = open.filter((each) => each !== message);
      return message.rules;
    }

    return {
      state,
      load,
      show: () =>
        load().map(({ queueId, rules, isOpened }) => {
          state.update(queueId, whenShown(rules, state.get(queueId), clock.now()));
          return isOpened ? `opened ${queueId}` : queueId;
        }),
      close(queueId) {
        closed.add(queueId);
        state.update(queueId, whenClosed(remove(queueId)));
      },
      snooze(queueId, minutes) {
        remove(queueId);
        state.update(queueId, whenSnoozed(minutes, clock.now()));
      },
    };
  }
  return { clock, openPage };
}

const broadcast = (count: number, delay: number, ignoreDismiss = false): QueueMessage =>
  queueMessage('b1', { broadcast: { frequency: { count, delay, ignoreDismiss } } });

describe('a visitor sees', () => {
  test('an ordinary message once, and then the next one', async () => {
    const { openPage } = browser([queueMessage('q9', {}, 9), queueMessage('q1', {}, 1)], 'u1');
    const page = await openPage();
    expect(page.show()).toEqual(['opened q1']);
    expect(page.show()).toEqual([]);
    page.close('q1');
    expect(page.show()).toEqual(['opened q9']);
    expect((await openPage()).show()).toEqual([]);
  });

  test('a persistent message on every page until it is closed, and it is opened once', async () => {
    const { openPage } = browser([queueMessage('q1', { persistent: true })], 'u1');
    expect((await openPage()).show()).toEqual(['opened q1']);
    expect((await openPage()).show()).toEqual(['q1']);
    const page = await openPage();
    expect(page.show()).toEqual(['q1']);
    page.close('q1');
    expect(page.show()).toEqual([]);
    expect((await openPage()).show()).toEqual([]);
  });

  test('a snoozed message again after a minute, on the same page and on the next one', async () => {
    const { clock, openPage } = browser([queueMessage('q1', { persistent: true })], 'u1');
    const page = await openPage();
    page.show();
    page.snooze('q1', 1);
    await clock.advance(59_999);
    expect(page.show()).toEqual([]);
    expect((await openPage()).show()).toEqual([]);
    await clock.advance(1);
    expect(page.show()).toEqual(['q1']);
    expect((await openPage()).show()).toEqual(['q1']);
  });

  test('a broadcast once', async () => {
    const { openPage } = browser([broadcast(1, 0)]);
    expect((await openPage()).show()).toEqual(['opened b1']);
    expect((await openPage()).show()).toEqual([]);
  });

  test('a broadcast twice, two seconds apart, and never a third time', async () => {
    const { clock, openPage } = browser([broadcast(2, 2)]);
    expect((await openPage()).show()).toEqual(['opened b1']);
    expect((await openPage()).show()).toEqual([]);
    await clock.advance(2_000);
    expect((await openPage()).show()).toEqual(['opened b1']);
    await clock.advance(60_000);
    expect((await openPage()).show()).toEqual([]);
  });

  test.each([
    [false, []],
    [true, ['b1']],
  ])(
    'a broadcast on every page until it is closed; then, with ignoreDismiss %s: %o',
    async (ignores, again) => {
      const { openPage } = browser([broadcast(0, 0, ignores)]);
      expect((await openPage()).show()).toEqual(['opened b1']);
      const page = await openPage();
      expect(page.show()).toEqual(['b1']);
      page.close('b1');
      // Not at once: it would open in the moment in which it is closed.
      expect(page.show()).toEqual([]);
      expect((await openPage()).show()).toEqual(again);
    },
  );

  test('a broadcast as a guest as often as it may be shown, whoever was signed in before', async () => {
    const { openPage } = browser([broadcast(1, 0)]);
    const page = await openPage();
    page.show();
    page.state.forget();
    expect((await openPage()).show()).toEqual([]);
  });

  test('a message in one of two tabs; if that tab dies while it loads, in the other one after five seconds', async () => {
    const { clock, openPage } = browser([queueMessage('q1')], 'u1');
    const [tab, otherTab] = [await openPage(), await openPage()];
    expect(tab.load()).toHaveLength(1);
    expect(otherTab.show()).toEqual([]);
    await clock.advance(4_999);
    expect(otherTab.show()).toEqual([]);
    await clock.advance(1);
    expect(otherTab.show()).toEqual(['opened q1']);
    expect((await openPage()).show()).toEqual([]);
  });
});
