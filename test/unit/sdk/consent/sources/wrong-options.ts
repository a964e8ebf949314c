/** Options that every consent source of a platform must refuse. */
import { inspect } from 'node:util';

/** The name of the test, the options, and parts of the message. */
export type WrongOptions = readonly [name: string, options: unknown, expected: readonly string[]];

const circle: unknown[] = [];
circle.push(circle);

const NO_NAMES: readonly unknown[] = [
  'C0002',
  '',
  7,
  true,
  null,
  {},
  [],
  [''],
  [1],
  ['C0002', null],
  // A list with holes.
  Array(3),
  new Set(['C0002']),
  () => ['C0002'],
  10n,
  Symbol('C0002'),
  circle,
];

const NO_PURPOSES: readonly unknown[] = [
  'C0002',
  7,
  null,
  ['C0002'],
  [],
  new Map([['analytics', ['C0002']]]),
  ...[...NO_NAMES, undefined].map((analytics) => ({ analytics })),
];

/** One wrong value of each kind for options of which only one source has them. */
export const wrongValues = (
  wrongKinds: Readonly<Record<string, readonly unknown[]>>,
): readonly WrongOptions[] =>
  Object.entries(wrongKinds).flatMap(([name, values]) =>
    values.map((value): WrongOptions => {
      return [`${name}: ${inspect(value)}`, { [name]: value }, [`"${name}" must be `, ', got ']];
    }),
  );

const KNOWN = '"require","purposes"';

export const WRONG_OPTIONS: readonly WrongOptions[] = [
  ...wrongValues({ require: NO_NAMES, purposes: NO_PURPOSES }),
  ...[null, 'C0002', '', 7, false, ['C0002'], new Map(), Promise.resolve({}), () => undefined].map(
    (options): WrongOptions => [
      `options: ${inspect(options)}`,
      options,
      ['"options" must be an object, got '],
    ],
  ),
  ['requires', { requires: ['C0004'] }, ['"requires"', '["C0004"]', KNOWN, 'did you mean "require"?']],
  ['Required', { Required: true }, ['"Required"', 'true', KNOWN, 'did you mean "require"?']],
  ['purpose', { purpose: { a: ['C0002'] } }, ['"purpose"', '{"a":["C0002"]}', 'did you mean "purposes"?']],
  ['an unknown option that is undefined', { requires: undefined }, ['"requires"', 'got undefined']],
  ['a name of every object', { constructor: 1 }, ['"constructor"', 'got 1', KNOWN]],
  ['a method of every object', { hasOwnProperty: 1 }, ['"hasOwnProperty"', 'got 1', KNOWN]],
  ['two options', { categories: [7], require: 'C0002' }, ['"categories"', '[7]', '"require"', '"C0002"']],
  ['a long value', { require: 'C'.repeat(10_000) }, [`"${'C'.repeat(99)}; `]],
  [
    'a getter that throws',
    Object.defineProperty({}, 'require', {
      enumerable: true,
      get() {
        throw new Error('getter');
      },
    }),
    ['"options" must be an object'],
  ],
];
