/** Reads values with commas between them. */
export const list = (text: string): readonly string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

/**
 * A client key of the variable `CIO_CLIENT_KEYS`: `name:key@origin`, where the name and the origin may be missing. A host without
 * `https://` counts as an origin too, which is refused with a hint: as a part of the key, it would refuse every visitor.
 */
const CLIENT_KEY =
  /^(?:([^:@]*):(?!\/\/))?(.+?)(?:@([a-z][\w+.-]*:\/\/.*|(?:[\w-]+\.)+[a-z]{2,}(?::\d+)?\/?|localhost(?::\d+)?\/?))?$/i;

/** Reads client keys: `web:key@https://shop.example.com` is a key with a name, for the pages of one origin only. */
export const clientKeys = (text: string): readonly unknown[] =>
  list(text).map((item) => {
    const [, name, key = item, origin] = CLIENT_KEY.exec(item) ?? [];
    if (name === undefined && origin === undefined) return item;
    return { key, name, origins: origin === undefined ? origin : [origin] };
  });

/** The origins in a list of client keys. */
export const originsOfKeys = (text: string): readonly string[] =>
  list(text).flatMap((item) => CLIENT_KEY.exec(item)?.[3] ?? []);

/**
 * Reads the source of the IP address: `x-forwarded-for:1` is a header with its hops; a name alone is one of the two
 * headers that need no hops.
 */
export function clientIp(text: string): unknown {
  const [header, hops] = text.split(':');
  return hops === undefined ? text : { header, hops: Number(hops) };
}

/** Reads `on` and `off`, or `true` and `false`. Any other text stays as it is, and is refused when the options are checked. */
export const flag = (text: string): unknown =>
  /^(on|true)$/.test(text) ? true : /^(off|false)$/.test(text) ? false : text;

/** Reads `on`, `off`, or a number of milliseconds. */
export const merge = (text: string): unknown => (/^\d+$/.test(text) ? { waitMs: Number(text) } : flag(text));

/** Reads a PEM whose line ends may be written as `\n`: on many platforms a variable has only one line. */
export const pem = (text: string): string => text.replaceAll('\\n', '\n');
