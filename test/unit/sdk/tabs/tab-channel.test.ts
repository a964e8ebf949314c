// @vitest-environment node
import { expect, test } from 'vitest';
import { createTabChannel, type TabMessage } from '../../../../src/sdk/tabs/tab-channel.ts';

/** Channels that deliver messages at once. */
function channels() {
  const open = new Set<(message: unknown) => void>();
  return {
    count: () => open.size,
    open(onMessage: (message: unknown) => void) {
      open.add(onMessage);
      return {
        post(message: unknown) {
          for (const each of open) if (each !== onMessage) each(message);
        },
        close: () => void open.delete(onMessage),
      };
    },
  };
}

test('tabs hear each other, and not themselves', () => {
  const { open } = channels();
  const heard: [string, TabMessage][] = [];
  const one = createTabChannel(open, (message) => void heard.push(['one', message]));
  createTabChannel(open, (message) => void heard.push(['other', message]));
  one.tell({ kind: 'flush' });
  expect(heard).toEqual([['other', { kind: 'flush' }]]);
});

test('a tab that has left hears nothing until it is back, holds no channel, and still has its say', () => {
  const { open, count } = channels();
  const heard: TabMessage[] = [];
  const one = createTabChannel(open, (message) => void heard.push(message));
  const other = createTabChannel(open, (message) => void heard.push(message));
  one.leave();
  one.leave();
  other.tell({ kind: 'identity' });
  expect([heard, count()]).toEqual([[], 1]);
  one.tell({ kind: 'flush' });
  expect([heard, count()]).toEqual([[{ kind: 'flush' }], 1]);
  one.join();
  one.join();
  other.tell({ kind: 'denied' });
  expect([heard, count()]).toEqual([[{ kind: 'flush' }, { kind: 'denied' }], 2]);
});

test('a browser without channels is a browser with one tab', () => {
  const tabs = createTabChannel(
    () => undefined,
    () => undefined,
  );
  expect(() => {
    tabs.tell({ kind: 'flush' });
    tabs.leave();
    tabs.join();
  }).not.toThrow();
});
