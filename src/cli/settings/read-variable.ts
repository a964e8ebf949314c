export const list = (text: string): readonly string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

/** `key@https://shop.example.com` is a key for the pages of one origin. */
export const clientKeys = (text: string): readonly unknown[] =>
  list(text).map((item) => {
    const [, key, origin] = /^(.+)@([a-z][\w+.-]*:\/\/.*)$/i.exec(item) ?? [];
    return key === undefined ? item : { key, origins: [origin] };
  });

/** `x-forwarded-for:1` is a header and its hops; a name alone is one of the two that need none. */
export function clientIp(text: string): unknown {
  const [header, hops] = text.split(':');
  return hops === undefined ? text : { header, hops: Number(hops) };
}

export const flag = (text: string): unknown => (text === 'on' ? true : text === 'off' ? false : text);

export const merge = (text: string): unknown => (/^\d+$/.test(text) ? { waitMs: Number(text) } : flag(text));

/** Many platforms keep a variable on one line. */
export const pem = (text: string): string => text.replaceAll('\\n', '\n');
