/**
 * Tests a text against a pattern of JavaScript's `RegExp` in a bounded number of steps.
 *
 * The patterns come from the authors of messages, and `RegExp` runs on the main thread: `(a+)+$` blocks it for years on a text of 50
 * letters. Refusing nested quantifiers would not be enough (`(a|a)*$`, `.*.*.*x`), and a limit for the length would have to be 25
 * characters. So the pattern is a graph of states here, and a test follows all possible states through the text at once (Thompson's
 * construction, https://swtch.com/~rsc/regexp/regexp1.html): at most characters × states. `RegExp` itself is used for the syntax,
 * and for single characters.
 */

/** A state of the graph: reads a character, or checks the position, or only leads to other states. */
interface State {
  reads?: (character: string) => boolean;
  checks?: (position: number, text: string, run: Run) => boolean;
  next?: State;
  other?: State;
}

/** Whether the text matches from this position on. `isAnchored`: the match begins at this position, and not later. */
type Run = (start: State, position: number, isAnchored: boolean) => boolean;

/** A part of a pattern: returns its first state, after whose last one `next` follows. */
type Piece = (next: State) => State;

/** Returns whether a part of the text matches. Undefined: the test would have taken too many steps. */
export type BoundedPattern = (text: string) => boolean | undefined;

const MOST_CHARACTERS = 1_000;
const MOST_STATES = 2_000;
/** Measured: 10 to 20 ms on a slow computer. An ordinary rule on a URL of 5 000 characters takes about 30 000 steps. */
const MOST_STEPS = 150_000;

const MATCHED: State = {};

/** A beginning of a group, the other signs, an escape, a class, or a character. Everything else is not supported. */
const TOKEN =
  /\((?:\?(?:[:=!]|<[a-z_$][\w$]*>)|(?!\?))|\\(?:c[a-z]|x[\da-f]{2}|u[\da-f]{4}|0[0-7]{0,2}|[^\dcxuk])|\[(?:\\[^]|[^\]\\])*\]|[^(\\]/iy;
const QUANTIFIER = /(?:[*+?]|\{(\d+)(,?)(\d*)\})\??/y;

/**
 * Reads a pattern. Returns undefined where `RegExp` refuses it, where it is too long, and where it has what no graph of states can
 * follow: back references, lookbehind, and modifiers.
 */
export function boundedPattern(source: string): BoundedPattern | undefined {
  try {
    if (source.length > MOST_CHARACTERS) return undefined;
    void new RegExp(source);
    const start = parse(source)(MATCHED);
    return (text) => test(start, text);
  } catch {
    return undefined;
  }
}

function test(start: State, text: string): boolean | undefined {
  let steps = 0;
  const run: Run = (first, position, isAnchored) => {
    let current = new Set([first]);
    for (let at = position; ; at++) {
      const following = new Set<State>();
      // A state that is added here is visited by this same loop, and only once.
      for (const state of current) {
        if (++steps > MOST_STEPS) throw new RangeError();
        if (state === MATCHED) return true;
        const { reads, checks, next, other } = state;
        const reached = reads ? following : current;
        if (reads ? at < text.length && reads(text.charAt(at)) : !checks || checks(at, text, run)) {
          if (next) reached.add(next);
          if (other) reached.add(other);
        }
      }
      if (!isAnchored) following.add(first);
      if (at >= text.length || !following.size) return false;
      current = following;
    }
  };
  try {
    return run(start, 0, false);
  } catch {
    return undefined;
  }
}

const isWordAt = (text: string, position: number): boolean => /\w/.test(text.charAt(position));
const isBoundary = (position: number, text: string): boolean =>
  isWordAt(text, position - 1) !== isWordAt(text, position);

const POSITION_CHECKS: Partial<Record<string, State['checks']>> = {
  '^': (position) => position === 0,
  $: (position, text) => position === text.length,
  '\\b': isBoundary,
  '\\B': (position, text) => !isBoundary(position, text),
};

function parse(source: string): Piece {
  let position = 0;
  let states = 0;

  const read = (token: RegExp): RegExpExecArray | null => {
    token.lastIndex = position;
    const found = token.exec(source);
    position += found?.[0].length ?? 0;
    return found;
  };

  /** Throws where the pattern is too large: `(a{99}){99}`. */
  const state = (content: State): State => {
    if (++states > MOST_STATES) throw new RangeError();
    return content;
  };

  function alternatives(): Piece {
    const branches = [sequence()];
    while (source.charAt(position) === '|') {
      position++;
      branches.push(sequence());
    }
    return (next) =>
      branches.map((branch) => branch(next)).reduceRight((other, first) => state({ next: first, other }));
  }

  function sequence(): Piece {
    const pieces: Piece[] = [];
    while (position < source.length && !/[|)]/.test(source.charAt(position)))
      pieces.push(quantified(element()));
    return (next) => pieces.reduceRight((following, piece) => piece(following), next);
  }

  function element(): Piece {
    const token = read(TOKEN)?.[0];
    if (!token) throw new SyntaxError();
    if (token.startsWith('(')) {
      const inside = alternatives();
      position++; // The closing parenthesis.
      if (!/[=!]$/.test(token)) return inside;
      const wanted = token.endsWith('=');
      return (next) => {
        const first = inside(MATCHED);
        return state({ checks: (at, _text, run) => run(first, at, true) === wanted, next });
      };
    }
    const checks = POSITION_CHECKS[token];
    if (checks) return (next) => state({ checks, next });
    const single = new RegExp(`^(?:${token})$`);
    const isLiteral = /^[^.[]$/.test(token);
    const reads: State['reads'] = isLiteral
      ? (character) => character === token
      : (character) => single.test(character);
    return (next) => state({ reads, next });
  }

  function quantified(piece: Piece): Piece {
    const [sign, least, comma, most] = read(QUANTIFIER) ?? [];
    if (!sign) return piece;
    const min = least ? Number(least) : sign.startsWith('+') ? 1 : 0;
    const max = least ? Number(most || (comma ? Infinity : least)) : sign.startsWith('?') ? 1 : Infinity;
    return (next) => {
      let first = next;
      if (max === Infinity) {
        first = state({ other: next });
        first.next = piece(first);
      } else for (let count = min; count < max; count++) first = state({ next: piece(first), other: next });
      for (let count = 0; count < min; count++) first = state({ next: piece(first) });
      return first;
    };
  }

  return alternatives();
}
