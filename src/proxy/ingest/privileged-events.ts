/**
 * Names of events with which Customer.io deletes or suppresses persons, changes devices, or takes false reports of deliveries. They
 * must not be sent with a client key, which every visitor can read.
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

/** Words of printable ASCII with one space between them, as most names are: such a name hides no characters. */
const IS_PLAIN = /^[!-~]+(?: [!-~]+)*$/;

/** Characters that are not shown by themselves: accents and other marks; control, format and private characters, half surrogate pairs; fillers and the blank of Braille. */
const DOES_NOT_SHOW = /[\p{M}\p{C}\p{Default_Ignorable_Code_Point}\u2800]+/gu;

/** Most UTF-16 units of a name that is compared. The longest privileged name has 25 characters. */
const MOST_UNITS = 64;

/**
 * The privileged event with which the name may be confused, or `undefined`. Names are compared in the form that a reader sees. The
 * comparison ignores case, the width and style of letters (NFKD), marks, and characters that are not shown. Several spaces of any
 * kind count as one space. Letters of other alphabets that look the same count as different letters.
 */
export function privilegedEvent(name: string): string | undefined {
  if (IS_PLAIN.test(name)) return PRIVILEGED_EVENTS.get(name.toLowerCase());
  // Characters that are not shown are removed, and in a second comparison read as spaces, since they may separate two words.
  return shownAs(name, '') ?? shownAs(name, ' ');
}

function shownAs(name: string, instead: '' | ' '): string | undefined {
  // Marks are removed before normalize(), whose time grows with the square of the number of marks in the wrong order.
  const shown = oneSpaced(name.replace(DOES_NOT_SHOW, instead));
  // No longer name can become a privileged one: those have at most 25 characters, of two units each, and a decomposition is never shorter.
  if (shown.length > MOST_UNITS) return undefined;
  const plain = shown.normalize('NFKD').toUpperCase().toLowerCase().normalize('NFKD');
  return PRIVILEGED_EVENTS.get(oneSpaced(plain.replace(DOES_NOT_SHOW, '')));
}

const oneSpaced = (text: string): string => text.replace(/\s+/g, ' ').trim();
