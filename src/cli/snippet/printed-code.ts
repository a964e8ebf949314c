/** Values and code in the form in which they can stand in an HTML page. */

const ESCAPED: Readonly<Record<string, string>> = { '&': '&amp;', '"': '&quot;', '<': '&lt;', '>': '&gt;' };

/** Writes the attributes of a tag, each with a space before it. `undefined` and `false`: no attribute. */
export const attributes = (values: Readonly<Record<string, string | boolean | undefined>>): string =>
  Object.entries(values)
    .map(([name, value]) => {
      if (value === undefined || value === false) return '';
      return value === true
        ? ` ${name}`
        : ` ${name}="${value.replace(/[&"<>]/g, (character) => ESCAPED[character] ?? '')}"`;
    })
    .join('');

/** Writes a value as JavaScript that an HTML parser does not take for a tag or a comment. In ES5, U+2028 and U+2029 end a line. */
export const literal = (value: unknown): string =>
  JSON.stringify(value)
    .replaceAll('<', String.raw`\x3C`)
    .replaceAll('\u2028', String.raw`\u2028`)
    .replaceAll('\u2029', String.raw`\u2029`);

/**
 * Escapes what would end a script element, or make its end invisible. In code that the build has minified, these texts are in
 * strings alone. https://html.spec.whatwg.org/#restrictions-for-contents-of-script-elements
 */
export const escapeScript = (code: string): string => code.replace(/<(?=!--|\/?script)/gi, String.raw`\x3C`);
