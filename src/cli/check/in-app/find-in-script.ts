import { type Reference, referenceTo, useOf } from './reference.ts';

/** A text between two quotes of the same kind, without a placeholder of a template. */
const QUOTED = '(["\'`])([^"\'`$\\n]{1,2000})\\1';
const pattern = (before: string, after = ''): RegExp => new RegExp(`${before}${QUOTED}${after}`, 'g');

const IMPORTS = [
  pattern('\\bimport\\s*\\(\\s*'),
  pattern('\\b(?:import|export)\\b[^;"\'`()]{0,2000}?\\bfrom\\s*'),
  pattern('\\bimport\\s*'),
];
const NAVIGATIONS = [
  pattern('\\blocation\\s*\\.\\s*(?:replace|assign)\\s*\\(\\s*'),
  pattern('\\blocation(?:\\s*\\.\\s*href)?\\s*=\\s*'),
];
const BESIDE_MODULE = pattern('\\bnew\\s+URL\\s*\\(\\s*', '\\s*,\\s*import\\.meta\\.url');
const FETCHED = pattern('\\bfetch\\s*\\(\\s*');
const ABSOLUTE = /["'`]((?:https?:)?\/\/[\w-]+(?:\.[\w-]+)*(?::\d+)?(?:[/?#][^"'`\s<>]{0,2000})?)/gi;
const FILE_NAME =
  /(["'`])((?:\.{0,2}\/)?[\w@.-]+(?:\/[\w@.-]+){0,20}\.(?:json|wasm|m?js|css|woff2?|ttf|otf))\1/g;
/** Names of formats, not of servers: no browser requests them. */
const NAMESPACES = /^(?:https?:)?\/\/(?:www\.)?(?:w3\.org|json-schema\.org|schema\.org)\b/i;

/** Finds URLs in a script, as far as literals show them. */
export function findInScript(text: string, isModule: boolean): readonly Reference[] {
  const valuesOf = (each: RegExp): readonly string[] =>
    [...text.matchAll(each)].map(([, , value = '']) => value);
  // A name without a dot or a slash at its beginning is that of a package, which browsers load from an import map only.
  const imports = IMPORTS.flatMap(valuesOf).filter((value) => /^(?:\.{0,2}\/|https?:)/.test(value));
  const absolute = [...text.matchAll(ABSOLUTE)].map(([, value = '']) => value);
  const names = valuesOf(FILE_NAME);
  return [
    ...imports.map((value) => referenceTo(value, 'module', { isOfFile: true })),
    ...valuesOf(BESIDE_MODULE).map((value) => referenceTo(value, useOf(value), { isOfFile: true })),
    ...NAVIGATIONS.flatMap(valuesOf).map((value) => referenceTo(value, 'page', { isNavigation: true })),
    ...valuesOf(FETCHED).map((value) => referenceTo(value, useOf(value), { isCertain: false })),
    ...absolute
      .filter((value) => !NAMESPACES.test(value) && /\/\/(?:[\w-]+\.|localhost\b)/i.test(value))
      .map((value) => referenceTo(value, useOf(value), { isCertain: false })),
    ...names.map((value) => referenceTo(value, useOf(value), { isCertain: false, isOfFile: isModule })),
  ];
}

/** Properties that throw in a page without an origin. https://html.spec.whatwg.org/#sandboxed-origin-browsing-context-flag */
const STORAGES = [
  ['localStorage', /\blocalStorage\b/],
  ['sessionStorage', /\bsessionStorage\b/],
  ['indexedDB', /\bindexedDB\b/],
  ['document.cookie', /\bdocument\s*\.\s*cookie\b/],
  ['serviceWorker', /\bnavigator\s*\.\s*serviceWorker\b/],
] as const;

/** Returns the storages that a script names. */
export const findStorages = (text: string): readonly string[] =>
  STORAGES.filter(([, uses]) => uses.test(text)).map(([name]) => name);
