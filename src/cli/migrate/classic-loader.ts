import { type FileFindings, type NewValues } from './rewriting.ts';
import { isComment, scriptUrl, separatorAt } from './snippet-code.ts';

/** Rewrites the statements of the classic snippet that load its script. `match`: the statement that sets the URL of the script. */
export function rewriteClassic(
  code: string,
  match: RegExpExecArray,
  values: NewValues,
  findings: FileFindings,
): void {
  const [whole, tag = '', mark = "'", eu] = match;
  const text = (value: string): string => mark + value.replaceAll(/["'\\]/g, String.raw`\$&`) + mark;
  const start = match.index;
  if (isComment(code, start)) return;
  findings.edits.push({
    start,
    end: start + whole.length,
    text: `${tag}.src = ${text(scriptUrl(values))}`,
  });
  findings.rewrites++;
  const hasBoth = eu !== '-eu' || /assets\.customer\.io\/assets\/track\.js/.test(code);
  if (eu !== undefined)
    findings.next.push({
      offset: start,
      text: hasBoth
        ? 'The region of your account depends on a value here. It is CIO_REGION of the proxy now.'
        : 'The region is eu: set CIO_REGION=eu at the proxy.',
    });

  const before = code.slice(Math.max(0, start - 2_500), start);
  const offset = start - before.length;
  const attributes = [...before.matchAll(attributePattern(tag))];
  let site: RegExpExecArray | undefined;
  for (const each of attributes) if (each[2] === 'data-site-id') site = each;
  // The same tag can have its source set twice, once for each region.
  const isKnown = site !== undefined && findings.edits.some((edit) => edit.start === offset + site.index);
  if (isKnown) return;
  if (!site) {
    findings.byHand.push({
      offset: start,
      text: 'The tag of this snippet needs the attributes `data-proxy-url` and `data-client-key`.',
    });
    return;
  }
  const from = site.index;
  const own = attributes.filter(({ index }) => index >= from);
  const views = own.find(([, , name]) => name === 'data-auto-track-page');
  const isOff = views !== undefined && /^\\?["']?false/.test(views[3] ?? '');
  const separator = separatorAt(code, offset + site.index);
  const set = (name: string, value: string): string => `${tag}.setAttribute(${text(name)}, ${text(value)})`;
  replaceAttribute(
    findings,
    offset,
    site,
    [
      set('data-proxy-url', values.proxyUrl),
      set('data-client-key', values.clientKey),
      ...(isOff ? [] : [set('data-page-views', 'load')]),
    ].join(separator),
  );
  findings.next.push({
    offset: offset + site.index,
    text: 'The site id is not used any more. The proxy needs the write key of a JavaScript source: https://github.com/cio-first-party/cio-first-party/blob/main/docs/migrate/from-classic-snippet.md',
  });
  for (const attribute of own.filter((each) => each !== site))
    removeAttribute(code, findings, offset, attribute, isOff);
}

const attributePattern = (tag: string): RegExp =>
  new RegExp(
    String.raw`\b${tag.replaceAll('$', String.raw`\$`)}\.setAttribute\(\s*(\\?["'])(data-[\w-]+)\1\s*,\s*((?:[^()\n]|\([^()\n]*\))*)\)`,
    'g',
  );

function replaceAttribute(
  findings: FileFindings,
  offset: number,
  match: RegExpExecArray,
  text: string,
): void {
  const start = offset + match.index;
  findings.edits.push({ start, end: start + match[0].length, text });
}

/** Removes an attribute that cio.js does not read, with its line. */
function removeAttribute(
  code: string,
  findings: FileFindings,
  offset: number,
  match: RegExpExecArray,
  isOff: boolean,
): void {
  const [, , name = '', value = ''] = match;
  const start = offset + match.index;
  const end = start + match[0].length;
  const lineStart = code.lastIndexOf('\n', start - 1) + 1;
  const rest = /^;?[ \t]*(?:\/\/[^\r\n]*)?(\r?\n)?/.exec(code.slice(end)) ?? [''];
  const isLine = code.slice(lineStart, start).trim() === '' && rest[1] !== undefined;
  findings.edits.push({
    start: isLine ? lineStart : start,
    end: end + (isLine ? rest[0].length : rest[0].startsWith(';') ? 1 : 0),
    text: '',
  });
  if (name === 'data-auto-track-page' && !isOff && !/^\\?["']?true/.test(value))
    findings.byHand.push({
      offset: start,
      text: 'Page views depended on a value here. Set the attribute `data-page-views` to `load` or `manual` by it.',
    });
  if (name === 'data-use-in-app' && !/false/.test(value))
    findings.byHand.push({
      offset: start,
      text: 'In-app messages need the option `inApp` of `createAnalytics`, and customer tokens: https://github.com/cio-first-party/cio-first-party/blob/main/docs/guides/in-app-messages.md',
    });
}
