/** Reads values with commas between them. */
export const list = (text: string): readonly string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

/** Reads client keys: `key@https://shop.example.com` is a key for the pages of one origin only. */
export const clientKeys = (text: string): readonly unknown[] =>
  list(text).map((item) => {
    const [, key, origin] = /^(.+)@([a-z][\w+.-]*:\/\/.*)$/i.exec(item) ?? [];
    return key === undefined ? item : { key, origins: [origin] };
  });

/** The origins in a list of client keys. */
export const originsOfKeys = (text: string): readonly string[] =>
  list(text).flatMap((item) => /^.+@([a-z][\w+.-]*:\/\/.*)$/i.exec(item)?.[1] ?? []);

/**
 * Reads the source of the IP address: `x-forwarded-for:1` is a header with its hops; a name alone is one of the two
 * headers that need no hops.
 */
export function clientIp(text: string): unknown {
  const [header, hops] = text.split(':');
  return hops === undefined ? text : { header, hops: Number(hops) };
}

/** Reads `on` and `off`. Any other text stays as it is, and is refused when the options are checked. */
export const flag = (text: string): unknown => (text === 'on' ? true : text === 'off' ? false : text);

/** Reads `on`, `off`, or a number of milliseconds. */
export const merge = (text: string): unknown => (/^\d+$/.test(text) ? { waitMs: Number(text) } : flag(text));

/** Reads a PEM whose line ends may be written as `\n`: on many platforms a variable has only one line. */
export const pem = (text: string): string => text.replaceAll('\\n', '\n');
