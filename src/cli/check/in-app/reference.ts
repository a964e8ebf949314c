/** How a file uses another one. */
export type FileUse =
  'page' | 'script' | 'module' | 'style' | 'font' | 'image' | 'media' | 'json' | 'wasm' | 'unknown';

/** A URL in a file of the renderer. */
export interface Reference {
  /** The URL as it is written. */
  readonly value: string;
  readonly use: FileUse;
  /** Whether the page requests the URL for certain. A text in a script may be anything. */
  readonly isCertain: boolean;
  /** Whether the URL is relative to the file that has it, and not to the page. */
  readonly isOfFile: boolean;
  /** Whether the page goes to the URL. */
  readonly isNavigation: boolean;
}

const USES: Readonly<Record<string, FileUse>> = {
  html: 'page',
  js: 'script',
  mjs: 'module',
  css: 'style',
  json: 'json',
  wasm: 'wasm',
  woff: 'font',
  woff2: 'font',
  ttf: 'font',
  otf: 'font',
  png: 'image',
  jpg: 'image',
  jpeg: 'image',
  gif: 'image',
  webp: 'image',
  avif: 'image',
  svg: 'image',
  ico: 'image',
  mp4: 'media',
  webm: 'media',
  mp3: 'media',
};

/** The use that the ending of a URL suggests. */
export function useOf(value: string): FileUse {
  const ending = /\.(\w+)(?:[?#]|$)/.exec(value)?.[1]?.toLowerCase() ?? '';
  return Object.hasOwn(USES, ending) ? (USES[ending] ?? 'unknown') : 'unknown';
}

/** Makes a reference; by default a certain one that is relative to the page. */
export function referenceTo(
  value: string,
  use: FileUse,
  {
    isCertain = true,
    isOfFile = false,
    isNavigation = false,
  }: Partial<Omit<Reference, 'value' | 'use'>> = {},
): Reference {
  return { value: value.trim(), use, isCertain, isOfFile, isNavigation };
}
