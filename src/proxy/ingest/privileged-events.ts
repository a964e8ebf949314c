/**
 * `track` calls that delete, suppress or forge: a key that every visitor has must never send them.
 * https://docs.customer.io/integrations/data-in/semantic-events/cio-journeys/
 */
const PRIVILEGED_EVENTS: ReadonlyMap<string, string> = new Map(
  [
    'User Deleted',
    'User Suppressed',
    'User Unsuppressed',
    'Object Deleted',
    'Relationship Deleted',
    'Device Created or Updated',
    'Device Deleted',
    'Report Delivery Event',
    'Report Content Event',
  ].map((name) => [name.toLowerCase(), name]),
);

/** Words of printable ASCII with one space between them, as names mostly are: nothing is hidden in it. */
const IS_PLAIN = /^[!-~]+(?: [!-~]+)*$/;

/** Accents and other marks; control, format and private characters, half surrogate pairs; fillers and a blank of Braille. */
const DOES_NOT_SHOW = /[\p{M}\p{C}\p{Default_Ignorable_Code_Point}\u2800]+/gu;

const MOST_UNITS = 64;

/**
 * The privileged event that the name may be taken for, or `undefined`. Names are compared as a reader sees them: in any case,
 * whatever the width or style of their letters (NFKD), without marks and what does not show, with one space for several of any
 * kind. Letters of other alphabets that look the same stay other letters.
 */
export function privilegedEvent(name: string): string | undefined {
  if (IS_PLAIN.test(name)) return PRIVILEGED_EVENTS.get(name.toLowerCase());
  // What does not show may stand for nothing, or between two words for a space.
  return shownAs(name, '') ?? shownAs(name, ' ');
}

function shownAs(name: string, instead: '' | ' '): string | undefined {
  // First, because marks in the wrong order take normalize() a time that grows with the square of their number.
  const shown = oneSpaced(name.replace(DOES_NOT_SHOW, instead));
  // Of at most 25 letters, two units each, no decomposition is shorter.
  if (shown.length > MOST_UNITS) return undefined;
  const plain = shown.normalize('NFKD').toUpperCase().toLowerCase().normalize('NFKD');
  return PRIVILEGED_EVENTS.get(oneSpaced(plain.replace(DOES_NOT_SHOW, '')));
}

const oneSpaced = (text: string): string => text.replace(/\s+/g, ' ').trim();
