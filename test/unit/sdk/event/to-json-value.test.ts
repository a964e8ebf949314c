import { describe, expect, test } from 'vitest';
import { toJsonValue } from '../../../../src/sdk/event/to-json-value.ts';
import { type Random, seeded } from '../../../fakes/random.ts';

const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value) ?? 'null');

describe('what JSON can hold', () => {
  test.each([
    ['a text', 'ä"\n'],
    ['a number', -1.5e10],
    ['null', null],
    ['a list', [1, [2, []], { a: [] }]],
    ['an object', { a: { b: { c: true } }, '': 0 }],
    ['a date', { at: new Date('2026-01-02T03:04:05.006Z') }],
    ['a list with holes', [undefined, () => 1, Symbol('x'), Number.NaN, Infinity]],
    ['left-out fields', { a: undefined, b: () => 1, c: Symbol('x'), d: Number.NaN, e: -Infinity }],
    ['wrapped primitives', [Object('x'), Object(1.5), Object(false)]],
    ['an invalid date', { at: new Date(Number.NaN) }],
    ['maps and sets', { map: new Map([['a', 1]]), set: new Set([1]) }],
    ['typed arrays', { bytes: new Uint8Array([1, 2, 3]) }],
    ['an error', { error: new Error('secret') }],
    ['something with a toJSON', { a: { toJSON: () => ({ b: 1 }) } }],
    ['an address', { url: new URL('https://example.com/a?b') }],
    ['nothing inherited', Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true } })],
    ['no prototype', Object.assign(Object.create(null), { a: 1 })],
    ['hidden fields', Object.defineProperty({ a: 1 }, 'hidden', { value: 2 })],
  ])('is kept as JSON would keep it: %s', (_, value) => {
    expect(toJsonValue(value)).toEqual(asJson(value));
  });

  test('an instance of a class is its fields, also when it has a value', () => {
    class Money {
      amount = 5;
      currency = 'EUR';
      valueOf(): number {
        return this.amount;
      }
    }
    expect(toJsonValue({ price: new Money() })).toEqual({ price: { amount: 5, currency: 'EUR' } });
  });

  test('a field may have the name of a method', () => {
    const value: unknown = JSON.parse(
      '{"valueOf":1,"toJSON":"x","toString":null,"hasOwnProperty":2,"constructor":3}',
    );
    expect(toJsonValue(value)).toEqual(asJson(value));
  });

  test('the top may be left out', () => {
    for (const value of [undefined, () => 1, Symbol('x')]) expect(toJsonValue(value)).toBeUndefined();
  });

  test('seeded fuzz: whatever JSON can hold is kept exactly', () => {
    const random = seeded(7);
    for (let i = 0; i < 2_000; i++) {
      const value = anything(random, 5);
      expect(toJsonValue(value)).toEqual(asJson(value));
      expect(JSON.stringify(toJsonValue(value))).toBe(JSON.stringify(value));
    }
  });
});

const KEYS = [
  'a',
  'b',
  'name',
  '0',
  '',
  'ü',
  'toString',
  'constructor',
  'nodeType',
  'length',
  '__proto__',
] as const;

function anything(random: Random, depth: number): unknown {
  const roll = random.below(depth > 0 ? 10 : 6);
  if (roll === 0) return null;
  if (roll === 1) return random.chance(0.5);
  if (roll < 4) return random.pick([0, 1, -1, 1.5, 1e21, 5e-324, 2 ** 53, random.next()]);
  if (roll < 6) return random.pick(['', 'x', 'ü€😀', '\u0000', '\ud800', '__proto__', '"\\']);
  if (roll < 8) return Array.from({ length: random.below(5) }, () => anything(random, depth - 1));
  const made: Record<string, unknown> = {};
  for (let i = random.below(5); i > 0; i--) {
    const field = {
      value: anything(random, depth - 1),
      enumerable: true,
      configurable: true,
      writable: true,
    };
    Object.defineProperty(made, random.pick(KEYS), field);
  }
  return made;
}

describe('what JSON cannot hold', () => {
  test('is said in a short text', () => {
    const circle: Record<string, unknown> = { a: 1 };
    circle['self'] = circle;
    circle['list'] = [circle];
    expect(toJsonValue(circle)).toEqual({ a: 1, self: '[Circular]', list: ['[Circular]'] });
    expect(toJsonValue({ big: 12345678901234567890n })).toEqual({ big: '12345678901234567890' });
  });

  test('such as an element of the page, is named', () => {
    const element = document.createElement('div');
    element.append(document.createElement('p'));
    expect(toJsonValue({ element, text: document.createTextNode('x') })).toEqual({
      element: '[Element DIV]',
      text: '[Element #text]',
    });
  });

  test('does not cost more than its own field', () => {
    const value = {
      good: 1,
      get bad(): never {
        throw new Error('a getter');
      },
      nested: {
        toJSON(): never {
          throw new Error('a toJSON');
        },
      },
    };
    expect(toJsonValue(value)).toEqual({ good: 1, bad: '[Unreadable]', nested: '[Unreadable]' });
  });

  test('may be a proxy that refuses everything, also one that was revoked', () => {
    const refuse = (): never => {
      throw new Error('no');
    };
    const hostile = new Proxy({}, { get: refuse, ownKeys: refuse, getPrototypeOf: refuse, has: refuse });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(toJsonValue({ hostile, proxy, good: 1 })).toEqual({
      hostile: '[Unreadable]',
      proxy: '[Unreadable]',
      good: 1,
    });
  });

  test('may be the page itself', () => {
    expect(() => toJsonValue({ window, document, event: new Event('click') })).not.toThrow();
    expect(() => JSON.stringify(toJsonValue({ window, document }))).not.toThrow();
  });

  test('may be deep', () => {
    let deep: unknown = 'bottom';
    for (let i = 0; i < 100_000; i++) deep = { deep };
    expect(JSON.stringify(toJsonValue(deep))).toContain('[Too deep]');
  });
});

describe('a copy', () => {
  test('shares nothing with what was given', () => {
    const given = { list: [{ a: 1 }], at: new Date(0) };
    const copy = toJsonValue(given);
    given.list[0] = { a: 2 };
    given.at.setTime(9);
    expect(copy).toEqual({ list: [{ a: 1 }], at: '1970-01-01T00:00:00.000Z' });
  });

  test('has the same object twice if it is there twice', () => {
    const shared = { a: 1 };
    expect(toJsonValue({ one: shared, other: shared, list: [shared, shared] })).toEqual({
      one: { a: 1 },
      other: { a: 1 },
      list: [{ a: 1 }, { a: 1 }],
    });
  });

  test('keeps a key that would change a prototype as a plain field', () => {
    const value: unknown = JSON.parse('{"__proto__":{"admin":true},"a":1}');
    const copy = toJsonValue(value) as Record<string, unknown>;
    expect(copy['admin']).toBeUndefined();
    expect(JSON.stringify(copy)).toBe('{"__proto__":{"admin":true},"a":1}');
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
  });

  test('of as much as an event can hold is whole', () => {
    const most = Array.from({ length: 15_000 }, (_, i) => i % 10);
    expect(toJsonValue(most)).toEqual(most);
  });

  test('of a graph in which everything hangs together is made at once, not by every path', () => {
    let visits = 0;
    let node: unknown = 1;
    for (let i = 0; i < 20; i++) {
      const below = node;
      node = {
        get left() {
          visits += 1;
          return below;
        },
        right: below,
      };
    }
    toJsonValue({ node });
    expect(visits).toBeLessThan(50_000);
  });

  test('never throws, whatever it is given', () => {
    const hostile: unknown[] = [
      Object(Symbol('x')),
      Object(1n),
      { toJSON: null },
      { toJSON: () => 1n },
      { toJSON: () => undefined },
      { valueOf: null },
      { valueOf: () => Symbol('x') },
      { nodeType: 1, nodeName: 1 },
      Array(5),
      Object.freeze({ a: 1 }),
      globalThis,
      new WeakMap(),
      Promise.resolve(1),
      new Proxy([], {}),
      async () => 1,
      /x/,
      new ArrayBuffer(8),
    ];
    for (const value of hostile) {
      expect(() => JSON.stringify(toJsonValue(value))).not.toThrow();
      expect(() => JSON.stringify(toJsonValue({ value: [value] }))).not.toThrow();
    }
  });
});
