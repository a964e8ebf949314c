import { type Edit } from './edits.ts';
import { type FileFindings, indentAt, lineEndOf, type NewValues, VENDOR_PACKAGE } from './rewriting.ts';
import { withoutComments } from './snippet-code.ts';
import { noteKey } from './write-key.ts';

/** The code of the current snippet, up to the calls at its end. */
const CURRENT_HEAD =
  /!function\(\)\{(?:var i\s*=\s*(["'])([\w$]+)\1,\s*)?(?:var )?analytics\s*=[^]*?cdp(-eu)?\.customer\.io\/v1\/analytics-js\/snippet\/[^]*?SNIPPET_VERSION\s*=\s*(["'])[^"']*\4;/;
const CURRENT_TAIL = /\}\}\(\);?/;
/** The part of the classic snippet that loads its script. */
const CLASSIC_LOADER =
  /var\s+(\w+)\s*=\s*document\.createElement\((["'])script\2\)\s*,\s*(\w+)\s*=\s*document\.getElementsByTagName\((["'])script\4\)\[0\];([^]*?)\3\.parentNode\.insertBefore\(\1,\s*\3\);?[ \t]*(?:\r?\n)?/;
const CLASSIC_URL = /assets\.customer\.io\/assets\/track(-eu)?\.js/;
/** The URL of the script of another snippet in the same element. */
const OTHER_SNIPPET = /assets\.customer\.io\/assets\/track|cdp(-eu)?\.customer\.io\/v1\/analytics-js\//;
const ELEMENT = /<!--[^]*?-->|<script\b((?:[^>"']|"[^"]*"|'[^']*')*)>([^]*?)<\/script\s*>/gi;
const NOT_JAVASCRIPT = /\btype\s*=\s*["']?(?!(?:text|application)\/(?:java|ecma)script\b)[\w/+-]/i;

/** The start and the end of an element or a comment. */
export type PageSpan = readonly [start: number, end: number];

/**
 * Replaces script elements with Customer.io's snippets by the tags of this package. Elements in which the snippet has another form are
 * left. `stub`: the code that queues calls until cio.js has loaded. Returns the places that need nothing more: the elements that were
 * rewritten, and comments.
 */
export function rewriteSnippetElements(
  page: string,
  stub: string,
  values: NewValues,
  findings: FileFindings,
): readonly PageSpan[] {
  const spans: PageSpan[] = [];
  for (const match of page.matchAll(ELEMENT)) {
    const [whole, attributes, code] = match;
    if (attributes === undefined || code === undefined) spans.push([match.index, match.index + whole.length]);
    if (attributes === undefined || code === undefined || NOT_JAVASCRIPT.test(attributes)) continue;
    const element: Element = { page, start: match.index, end: match.index + whole.length, attributes, code };
    const edits =
      replaceCurrent(element, stub, values, findings) ?? replaceClassic(element, values, findings);
    if (!edits) continue;
    findings.edits.push(...edits);
    findings.rewrites++;
    spans.push([element.start, element.end]);
  }
  return spans;
}

/** Reports script elements that load the vendor's package without code of the page: import maps, and URLs of the package. */
export function reviewElements(page: string, findings: FileFindings): void {
  for (const { index, 0: whole, 1: attributes } of page.matchAll(ELEMENT)) {
    if (attributes === undefined || !whole.includes(VENDOR_PACKAGE)) continue;
    if (attributes.includes(VENDOR_PACKAGE) || /\btype\s*=\s*["']?importmap\b/i.test(attributes))
      findings.byHand.push({
        offset: index + whole.indexOf(VENDOR_PACKAGE),
        text: `This element names the package ${VENDOR_PACKAGE}, in an import map or in a URL. Load cio-first-party here instead.`,
      });
  }
}

interface Element {
  readonly page: string;
  readonly start: number;
  readonly end: number;
  readonly attributes: string;
  readonly code: string;
}

function replaceCurrent(
  element: Element,
  stub: string,
  values: NewValues,
  findings: FileFindings,
): readonly Edit[] | undefined {
  const { page, start, end, attributes, code } = element;
  const head = CURRENT_HEAD.exec(code);
  if (!head) return undefined;
  const [text, , name = 'analytics', eu] = head;
  const bodyStart = head.index + text.length;
  const tail = CURRENT_TAIL.exec(code.slice(bodyStart));
  const load = /(?<=^\s*|[;}]\s*)analytics\.load\(/.exec(withoutComments(code.slice(bodyStart)));
  if (!tail || !load || load.index > tail.index) return undefined;
  const argumentsStart = bodyStart + load.index + load[0].length;
  const argumentsEnd = findClosing(code, argumentsStart);
  const body =
    code.slice(bodyStart, bodyStart + load.index).trimEnd() +
    code.slice(argumentsEnd + 1, bodyStart + tail.index).replace(/^[ \t]*;?/, '');
  const args = code
    .slice(argumentsStart, argumentsEnd)
    .replaceAll(/\/\*[^]*?\*\/|^\s*\/\/.*$|(?<=,)\s*\/\/.*$/gm, '');
  const key = /^\s*(?:(["'`])([^"'`]*)\1|[^,]+)/.exec(args);
  const after = code.slice(bodyStart + tail.index + tail[0].length);
  if (argumentsEnd === -1 || !key || OTHER_SNIPPET.test(after)) return undefined;

  const codeStart = codeStartOf(element);
  noteOrigin(findings, codeStart + argumentsStart, key[2], key[0].trim());
  if (eu !== undefined) noteEurope(findings, start);
  if (args.slice(key[0].length).replace(/^\s*,/, '').trim() !== '')
    findings.byHand.push({
      offset: codeStart + argumentsStart,
      text: `The options of \`load\` were removed. Pass those that this SDK has to \`${name}.createAnalytics({ … })\`: https://github.com/cio-first-party/cio-first-party/blob/main/docs/reference/script-attributes.md`,
    });

  const calls = name === 'analytics' ? body : body.replaceAll(/(?<![\w$.])analytics(?=[.[])/g, name);
  const before = code.slice(0, head.index).trimEnd();
  const own = stub.replace('"cioanalytics"', JSON.stringify(name));
  const indent = indentAt(page, start);
  const last = `${calls.trimEnd()}${after}`;
  const isEmpty = last.trim() === '';
  const separator = lineEndOf(page) + indent;
  const lines = [
    `<script${attributes}>${before === '' ? '' : `${before}${separator}`}${own}</script>`,
    scriptTag(values, attributes, name === 'cioanalytics' ? {} : { 'data-global': name }),
    ...(isEmpty
      ? []
      : [
          `<script${attributes.replace(/\s+id\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)/i, '')}>${openLines(last, page, indent)}</script>`,
        ]),
  ];
  return [{ start, end, text: lines.join(separator) }];
}

/** Puts code that has begun behind other code on a line of its own, and the end tag too. */
function openLines(code: string, page: string, indent: string): string {
  const end = lineEndOf(page);
  const lead = /^\s*\n/.test(code) ? code : `${end}${indent}  ${code.trimStart()}`;
  return /\n[ \t]*$/.test(lead) ? lead : `${lead}${end}${indent}`;
}

function replaceClassic(
  element: Element,
  values: NewValues,
  findings: FileFindings,
): readonly Edit[] | undefined {
  const { page, start, end, attributes, code } = element;
  const loader = CLASSIC_LOADER.exec(code);
  const [text = '', tag = '', , , , statements = ''] = loader ?? [];
  if (!loader || !CLASSIC_URL.test(statements) || OTHER_SNIPPET.test(code.replace(text, '')))
    return undefined;
  const own = new Map<string, string>();
  const rest = statements
    .replaceAll(/\/\/.*$|\/\*[^]*?\*\//gm, '')
    .replaceAll(
      new RegExp(
        String.raw`\b${tag}\.setAttribute\(\s*["'](data-[\w-]+)["']\s*,\s*((?:[^()]|\([^()]*\))*)\);?`,
        'g',
      ),
      (_, name: string, value: string) => {
        own.set(name, value.trim());
        return '';
      },
    )
    .replaceAll(new RegExp(String.raw`\b${tag}\.(?:async|defer|id|type|src)\s*=\s*[^;\n]*;?`, 'g'), '');
  const autoTrack = own.get('data-auto-track-page') ?? 'true';
  // Other statements, or page views that depend on a value, stay in a script.
  if (rest.trim() !== '' || !/^["']?(true|false)["']?$/.test(autoTrack)) return undefined;
  if (/track-eu\.js/.test(statements.replaceAll(/^\s*\/\/.*$/gm, ''))) noteEurope(findings, start);
  findings.next.push({
    offset: start,
    text: 'The site id is not used any more. The proxy needs the write key of a JavaScript source: https://github.com/cio-first-party/cio-first-party/blob/main/docs/migrate/from-classic-snippet.md',
  });
  const inApp = own.get('data-use-in-app');
  if (inApp !== undefined && !inApp.includes('false'))
    findings.byHand.push({
      offset: start,
      text: 'In-app messages need the option `inApp` of `createAnalytics`, and customer tokens: https://github.com/cio-first-party/cio-first-party/blob/main/docs/guides/in-app-messages.md',
    });
  const { index } = loader;
  const codeStart = codeStartOf(element);
  const lineStart = code.lastIndexOf('\n', index - 1) + 1;
  const isLine = code.slice(lineStart, index).trim() === '' && text.endsWith('\n');
  const views: Readonly<Record<string, string>> = autoTrack.includes('true')
    ? { 'data-page-views': 'load' }
    : {};
  return [
    { start: codeStart + (isLine ? lineStart : index), end: codeStart + index + text.length, text: '' },
    {
      start: end,
      end,
      text: `${lineEndOf(page)}${indentAt(page, start)}${scriptTag(values, attributes, views)}`,
    },
  ];
}

const codeStartOf = ({ page, start, end, code }: Element): number =>
  end - code.length - (/<\/script\s*>$/i.exec(page.slice(start, end))?.[0].length ?? 0);

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '"': '&quot;', '<': '&lt;', '>': '&gt;' };

/** Writes the tag of cio.js. A nonce of the old element is also the nonce of this one. */
function scriptTag(
  { proxyUrl, clientKey }: NewValues,
  attributes: string,
  more: Readonly<Record<string, string>>,
): string {
  const escape = (value: string): string =>
    value.replaceAll(/[&"<>]/g, (character) => ESCAPES[character] ?? '');
  const nonce = /\snonce\s*=\s*("[^"]*"|'[^']*')/i.exec(attributes)?.[0].trim();
  const own = Object.entries({
    src: `${proxyUrl.replace(/\/$/, '')}/cio.js`,
    'data-proxy-url': proxyUrl,
    'data-client-key': clientKey,
    ...more,
  }).map(([name, value]) => ` ${name}="${escape(value)}"`);
  return `<script async${own.join('')}${nonce === undefined ? '' : ` ${nonce}`}></script>`;
}

function noteOrigin(findings: FileFindings, offset: number, literal: string | undefined, text: string): void {
  if (literal !== undefined && literal !== '' && !/[{}<>$]/.test(literal)) {
    noteKey({ findings }, { start: offset }, literal);
    return;
  }
  findings.next.push({
    offset,
    text: `The write key came from \`${text.replaceAll(/["'`]/g, '')}\`. Every visitor could read it: rotate it, and give the new one to the proxy as CIO_WRITE_KEY.`,
  });
}

const noteEurope = (findings: FileFindings, offset: number): void =>
  void findings.next.push({ offset, text: 'The region is eu: set CIO_REGION=eu at the proxy.' });

/** Finds the parenthesis that closes the arguments which begin at `from`. Returns -1 if there is none. */
function findClosing(code: string, from: number): number {
  let depth = 0;
  const parts = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\/.*|\/\*[^]*?\*\/|[()]/g;
  parts.lastIndex = from;
  for (let match = parts.exec(code); match; match = parts.exec(code)) {
    if (match[0] === '(') depth++;
    else if (match[0] === ')' && depth-- === 0) return match.index;
  }
  return -1;
}
