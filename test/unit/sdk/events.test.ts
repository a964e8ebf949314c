// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { createEmitter } from '../../../src/sdk/events.ts';

const DELIVERED = { ids: ['a'], attempts: 1 };

describe('an emitter', () => {
  test('tells everybody who listens to a name, in order, and nobody else', () => {
    const { on, emit } = createEmitter(() => undefined);
    const heard: unknown[] = [];
    on('delivered', (payload) => void heard.push(['one', payload]));
    on('delivered', (payload) => void heard.push(['two', payload]));
    on('stored', () => void heard.push('stored'));
    expect(emit('delivered', DELIVERED)).toBeGreaterThan(0);
    expect(heard).toEqual([
      ['one', DELIVERED],
      ['two', DELIVERED],
    ]);
  });

  test('says whether anybody listened', () => {
    const { on, emit } = createEmitter(() => undefined);
    expect(emit('delivered', DELIVERED) ?? 0).toBe(0);
    const stop = on('delivered', () => undefined);
    expect(emit('delivered', DELIVERED)).toBeGreaterThan(0);
    stop();
    expect(emit('delivered', DELIVERED) ?? 0).toBe(0);
  });

  test('stops one registration at a time, also of the same function', () => {
    const { on, emit } = createEmitter(() => undefined);
    let heard = 0;
    const listener = (): void => void (heard += 1);
    const stop = on('delivered', listener);
    on('delivered', listener);
    emit('delivered', DELIVERED);
    stop();
    stop();
    emit('delivered', DELIVERED);
    expect(heard).toBe(3);
  });

  test('lets the others hear when one throws, and tells that', () => {
    const failures: unknown[] = [];
    const { on, emit } = createEmitter((name, cause) => void failures.push([name, (cause as Error).message]));
    const heard: string[] = [];
    on('delivered', () => {
      throw new Error('no');
    });
    on('delivered', () => void heard.push('two'));
    expect(emit('delivered', DELIVERED)).toBeGreaterThan(0);
    expect(heard).toEqual(['two']);
    expect(failures).toEqual([['delivered', 'no']]);
  });

  test('tells this round those who listened when it began', () => {
    const { on, emit } = createEmitter(() => undefined);
    const heard: string[] = [];
    on('delivered', () => {
      heard.push('one');
      on('delivered', () => void heard.push('late'));
    });
    emit('delivered', DELIVERED);
    expect(heard).toEqual(['one']);
  });

  test('calls a listener of `once` for the next event only, also when a listener before it emits the same event', () => {
    const { on, once, emit } = createEmitter(() => undefined);
    const heard: unknown[] = [];
    let isNested = false;
    on('free', (value: string) => {
      heard.push(`on ${value}`);
      if (isNested) return;
      isNested = true;
      emit('free', 'inner');
    });
    once('free', (value: string) => void heard.push(`once ${value}`));
    expect(emit('free', 'outer')).toBe(2);
    emit('free', 'later');
    expect(heard).toEqual(['on outer', 'on inner', 'once inner', 'on later']);
  });

  test('removes by `off` every registration of a listener, and no other', () => {
    const { on, once, off, emit } = createEmitter(() => undefined);
    const heard: string[] = [];
    const listener = (): void => void heard.push('removed');
    on('free', listener);
    on('free', listener);
    once('free', listener);
    on('other', listener);
    on('free', () => void heard.push('stays'));
    off('free', listener);
    off('never', listener);
    emit('free');
    emit('other');
    expect(heard).toEqual(['stays', 'removed']);
  });
});
