import type { Language } from './syntax-tree.ts';

/** A part of a file that is JavaScript or TypeScript. */
export interface ScriptBlock {
  readonly offset: number;
  readonly code: string;
  readonly language: Language;
}

/** The files that are read, by their ending, with their language. `page`: files with script elements. */
const KINDS: Readonly<Record<string, Language | 'page'>> = {
  js: 'js',
  jsx: 'js',
  mjs: 'js',
  cjs: 'js',
  ts: 'ts',
  mts: 'ts',
  cts: 'ts',
  tsx: 'tsx',
  ...Object.fromEntries(
    [
      [
        'vue',
        'svelte',
        'astro',
        'html',
        'htm',
        'xhtml',
        'php',
        'liquid',
        'ejs',
        'hbs',
        'handlebars',
        'mustache',
        'njk',
      ],
      [
        'twig',
        'erb',
        'haml',
        'slim',
        'pug',
        'jinja',
        'jinja2',
        'j2',
        'jsp',
        'cshtml',
        'razor',
        'tmpl',
        'gohtml',
        'eta',
        'mdx',
      ],
    ]
      .flat()
      .map((ending) => [ending, 'page' as const]),
  ),
};

const kindOf = (file: string): Language | 'page' | undefined => {
  const ending = /\.([A-Za-z0-9]+)$/.exec(file)?.[1]?.toLowerCase();
  return ending === undefined ? undefined : KINDS[ending];
};

/** Whether a file has script elements, as a page or a template. */
export const isPage = (file: string): boolean => kindOf(file) === 'page';

export const isSource = (file: string): boolean =>
  kindOf(file) !== undefined && !/\.min\.[cm]?js$/i.test(file);

/** Finds the scripts of a file: the whole file, or the script elements of a page and the head of an Astro component. */
export function findScripts(file: string, text: string): readonly ScriptBlock[] {
  const kind = kindOf(file);
  if (kind === undefined) return [];
  if (kind !== 'page') return [{ offset: 0, code: text, language: kind }];
  const head = file.endsWith('.astro') ? /^\uFEFF?---\r?\n([^]*?)\r?\n---/.exec(text) : null;
  const blocks: ScriptBlock[] =
    head?.[1] === undefined ? [] : [{ offset: head[0].indexOf(head[1]), code: head[1], language: 'ts' }];
  const isTyped = file.endsWith('.astro');
  for (const match of text.matchAll(
    /<!--[^]*?-->|<script\b((?:[^>"']|"[^"]*"|'[^']*')*)>([^]*?)<\/script\s*>/gi,
  )) {
    const [whole, attributes, code] = match;
    if (attributes === undefined || code === undefined || code.trim() === '') continue;
    const language = languageOf(attributes, isTyped);
    const offset = match.index + whole.indexOf('>', '<script'.length + attributes.length) + 1;
    if (language) blocks.push({ offset, code, language });
  }
  return blocks;
}

/** The language of a script element, or undefined if the element is data or a template. */
function languageOf(attributes: string, isTyped: boolean): Language | undefined {
  const read = (name: string): string | undefined =>
    new RegExp(String.raw`\b${name}\s*=\s*["']?([\w/+.-]*)`, 'i').exec(attributes)?.[1]?.toLowerCase();
  const language = read('lang');
  if (language === 'tsx' || language === 'ts' || language === 'typescript')
    return language === 'tsx' ? 'tsx' : 'ts';
  const type = read('type') ?? '';
  return type === '' || type === 'module' || /javascript|ecmascript|babel|jsx|^text\/partytown$/.test(type)
    ? isTyped
      ? 'ts'
      : 'js'
    : undefined;
}
