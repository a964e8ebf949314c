import { findInScript } from './find-in-script.ts';
import { type FileUse, type Reference, referenceTo, useOf } from './reference.ts';

/** The references of a page of the renderer to other files. */
export interface FoundInHtml {
  /** The URL of `<base>`. */
  readonly base: string | undefined;
  /** The policy in `<meta http-equiv>`. */
  readonly metaPolicy: string | undefined;
  readonly references: readonly Reference[];
  /** The text of all inline scripts. */
  readonly script: string;
}

type Attributes = Readonly<Record<string, string>>;

const COMMENT = /<!--[^]*?-->/g;
const SCRIPT = /(<script\b[^>]*>)([^]*?)<\/script\s*>/gi;
const TAG = /<([a-z]+)\b([^>]*)>/gi;
const ATTRIBUTE = /([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/g;
const STYLE_URL = /\burl\(\s*(?:"([^"]*)"|'([^']*)'|([^\s"')]*))\s*\)/gi;
const STYLE_IMPORT = /@import\s+(?:"([^"]*)"|'([^']*)')/gi;
/** The uses that the attribute `as` of a preload names. */
const PRELOADS: Readonly<Record<string, FileUse>> = {
  script: 'script',
  style: 'style',
  font: 'font',
  image: 'image',
  fetch: 'unknown',
};
const MEDIA: Readonly<Record<string, FileUse>> = {
  img: 'image',
  iframe: 'page',
  embed: 'unknown',
  audio: 'media',
  video: 'media',
  source: 'media',
};

/** Finds URLs in a page, those of its inline styles and scripts included. */
export function findInHtml(html: string): FoundInHtml {
  const inline: { text: string; isModule: boolean }[] = [];
  // Scripts may write tags in their texts: only the tag of a script stays.
  const markup = html.replace(COMMENT, '').replace(SCRIPT, (_, tag: string, text: string) => {
    const { type = '', src } = attributesOf(tag);
    if (src === undefined && /^$|javascript|^module$/i.test(type))
      inline.push({ text, isModule: type.toLowerCase() === 'module' });
    return tag;
  });
  const tags = [...markup.matchAll(TAG)].map(([, name = '', rest = '']) => ({
    name: name.toLowerCase(),
    attributes: attributesOf(rest),
  }));
  const policy = tags.find(
    ({ name, attributes }) =>
      name === 'meta' && attributes['http-equiv']?.toLowerCase() === 'content-security-policy',
  );
  return {
    base: tags.find(({ name, attributes }) => name === 'base' && 'href' in attributes)?.attributes['href'],
    metaPolicy: policy?.attributes['content'],
    references: [
      ...tags.flatMap(({ name, attributes }) => inTag(name, attributes)),
      ...findInStyle(markup).map(ofPage),
      ...inline.flatMap(({ text, isModule }) => findInScript(text, isModule)).map(ofPage),
    ],
    script: inline.map(({ text }) => text).join('\n'),
  };
}

/** Inline styles and scripts are relative to the page. */
function ofPage(reference: Reference): Reference {
  return { ...reference, isOfFile: false };
}

/** Finds URLs in a style sheet: they are relative to it. */
export function findInStyle(text: string): readonly Reference[] {
  const valueOf = ([, ...values]: RegExpMatchArray): string =>
    values.find((value) => value !== undefined) ?? '';
  return [
    ...[...text.matchAll(STYLE_IMPORT)].map((match) =>
      referenceTo(valueOf(match), 'style', { isOfFile: true }),
    ),
    ...[...text.matchAll(STYLE_URL)]
      .map(valueOf)
      .filter((value) => value !== '' && !value.startsWith('#'))
      .map((value) => referenceTo(value, useOf(value), { isOfFile: true })),
  ];
}

function inTag(name: string, attributes: Attributes): readonly Reference[] {
  const { src, href, rel = '', type = '', as = '' } = attributes;
  if (name === 'script' && src !== undefined)
    return [referenceTo(src, type.toLowerCase() === 'module' ? 'module' : 'script')];
  if (name === 'link' && href !== undefined) {
    const use = useOfLink(rel.toLowerCase(), as.toLowerCase());
    return use === undefined ? [] : [referenceTo(href, use)];
  }
  if (name === 'meta') {
    const target = /^\s*\d+\s*[;,]\s*url\s*=\s*['"]?([^'"]+)/i.exec(attributes['content'] ?? '')?.[1];
    const isRefresh = attributes['http-equiv']?.toLowerCase() === 'refresh';
    return isRefresh && target !== undefined ? [referenceTo(target, 'page', { isNavigation: true })] : [];
  }
  const use = Object.hasOwn(MEDIA, name) ? MEDIA[name] : undefined;
  return use !== undefined && src !== undefined && src !== '' ? [referenceTo(src, use)] : [];
}

/** The use of a link; undefined for those that load nothing, such as `canonical`. */
function useOfLink(rel: string, as: string): FileUse | undefined {
  if (/\bstylesheet\b/.test(rel)) return 'style';
  if (/\bmodulepreload\b/.test(rel)) return 'module';
  if (/\bpreload\b/.test(rel)) return PRELOADS[as] ?? 'unknown';
  if (/\bicon\b/.test(rel)) return 'image';
  return /\bmanifest\b/.test(rel) ? 'json' : undefined;
}

function attributesOf(tag: string): Attributes {
  const found: Record<string, string> = {};
  for (const [, name = '', ...values] of tag.matchAll(ATTRIBUTE))
    found[name.toLowerCase()] ??= (values.find((value) => value !== undefined) ?? '').replaceAll(
      '&amp;',
      '&',
    );
  return found;
}
