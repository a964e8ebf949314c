/** The types of the files that a page of the renderer may load, by the endings of their names. */
const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json',
  wasm: 'application/wasm',
  woff: 'font/woff',
  woff2: 'font/woff2',
  ttf: 'font/ttf',
  otf: 'font/otf',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  avif: 'image/avif',
  svg: 'image/svg+xml',
  ico: 'image/x-icon',
};

const ALLOWED = new Set(Object.values(TYPES).map((type) => bare(type)));

/**
 * The type of a file for the answer; `null`: the file is of no type that a renderer needs. The ending decides, because browsers run
 * no script and no wasm of another type. A web page with another ending is an error page.
 *
 * @param received the `Content-Type` with which the file came
 */
export function typeOf(pathname: string, received: string | null): string | null {
  const type = bare(received ?? '');
  const ending = /\.(\w+)$/.exec(pathname)?.[1]?.toLowerCase() ?? '';
  const known = Object.hasOwn(TYPES, ending) ? TYPES[ending] : undefined;
  if (type === 'text/html') return known === undefined || ending === 'html' ? (TYPES['html'] ?? null) : null;
  if (ending === 'html' && type !== '') return null;
  return known ?? (ALLOWED.has(type) ? type : null);
}

/** The kind of a type, by which its URLs are rewritten. */
export function kindOf(type: string): 'html' | 'css' | 'script' | 'other' {
  const name = bare(type);
  if (name === 'text/html') return 'html';
  if (name === 'text/css') return 'css';
  return name === 'text/javascript' || name === 'application/json' ? 'script' : 'other';
}

function bare(type: string): string {
  return (type.split(';')[0] ?? '').trim().toLowerCase();
}
