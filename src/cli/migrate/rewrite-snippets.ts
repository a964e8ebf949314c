/**
 * Customer.io's snippets: code that pages carry in a script element, in a file of their own or in a text of a component. The code is
 * recognized by its characters, because a template or a text is often no valid JavaScript.
 */
import { rewriteClassic } from './classic-loader.ts';
import type { FileFindings, NewValues } from './rewriting.ts';
import { isComment, scriptUrl, separatorAt, withoutComments } from './snippet-code.ts';
import type { PageSpan } from './snippet-elements.ts';
import { noteKey } from './write-key.ts';

/** `t.src = "https://cdp.customer.io/v1/analytics-js/snippet/" + key + "/analytics.min.js"` of the current snippet. */
const CURRENT_SOURCE =
  /\b([A-Za-z_$][\w$]*)\.src\s*=\s*(\\?["'])https:\/\/cdp(-eu)?\.customer\.io\/v1\/analytics-js\/snippet\/\2\s*\+\s*([A-Za-z_$][\w$]*)\s*\+\s*\2\/analytics\.min\.js\2/g;
const GLOBAL_MARK =
  /\.setAttribute\(\s*(\\?["'])data-global-customerio-analytics-key\1\s*,\s*([A-Za-z_$][\w$]*)\s*\)[;,]?/;
const VERSION_MARK = /\bSNIPPET_VERSION\s*=\s*\\?["'][^"'\\]*\\?["']\s*[;,]?/;
/** `t.src = 'https://assets.customer.io/assets/track.js'` of the classic snippet. */
const CLASSIC_SOURCE =
  /\b([A-Za-z_$][\w$]*)\.src\s*=\s*(\\?["'])(?:https?:)?\/\/assets\.customer\.io\/assets\/track(-eu|\$\{[^}\n]*\})?\.js\2/g;
/** The URL of a script of Customer.io, in a snippet that has another form. */
const LEFT_OVER = /assets\.customer\.io\/assets\/track|cdp(-eu)?\.customer\.io\/v1\/analytics-js\//g;

/** Rewrites all snippets in a text, except those in the places that are `replaced`. Reports those of another form. */
export function rewriteSnippets(
  code: string,
  values: NewValues,
  findings: FileFindings,
  replaced: readonly PageSpan[],
): void {
  const done: PageSpan[] = [...replaced];
  const isReplaced = (offset: number): boolean =>
    done.some(([start, end]) => offset >= start && offset < end);
  for (const match of code.matchAll(CURRENT_SOURCE)) {
    if (isReplaced(match.index)) continue;
    rewriteCurrent(code, match, values, findings);
    done.push([match.index, match.index + match[0].length]);
  }
  for (const match of code.matchAll(CLASSIC_SOURCE)) {
    if (isReplaced(match.index)) continue;
    rewriteClassic(code, match, values, findings);
    done.push([match.index, match.index + match[0].length]);
  }
  for (const { index } of code.matchAll(LEFT_OVER))
    if (!isReplaced(index) && !isComment(code, index))
      findings.byHand.push({
        offset: index,
        text: 'The script of Customer.io is loaded here. Load cio.js from your proxy instead: `npx cio-first-party snippet` prints the tags.',
      });
}

function rewriteCurrent(
  code: string,
  match: RegExpExecArray,
  values: NewValues,
  findings: FileFindings,
): void {
  const [whole, tag = '', mark = '"', eu, key = ''] = match;
  const { index } = match;
  const separator = separatorAt(code, index);
  const text = (value: string): string => mark + value.replaceAll(/["'\\]/g, String.raw`\$&`) + mark;
  const setAttribute = (name: string, value: string): string =>
    `${tag}.setAttribute(${text(name)}, ${value})`;
  const before = code.slice(Math.max(0, index - 2_000), index);
  const offset = index - before.length;
  const global = GLOBAL_MARK.exec(before);
  if (global) {
    const start = offset + global.index;
    const fresh = global[0].replace('data-global-customerio-analytics-key', 'data-global');
    findings.edits.push({ start, end: start + global[0].length, text: fresh });
  }
  findings.edits.push({
    start: index,
    end: index + whole.length,
    text: [
      // The older form of the snippet has the global `analytics`, and no mark for it.
      ...(global ? [] : [setAttribute('data-global', text('analytics'))]),
      setAttribute('data-proxy-url', text(values.proxyUrl)),
      setAttribute('data-client-key', key),
      `${tag}.src = ${text(scriptUrl(values))}`,
    ].join(separator),
  });
  findings.rewrites++;
  if (eu !== undefined)
    findings.next.push({ offset: index, text: 'The region is eu: set CIO_REGION=eu at the proxy.' });
  rewriteLoadCall(code, index + whole.length, text(values.clientKey), findings);
}

/** Replaces the write key in `analytics.load("…", options)`, which stands below the code of the snippet. `clientKey`: with quotes. */
function rewriteLoadCall(code: string, from: number, clientKey: string, findings: FileFindings): void {
  const rest = code.slice(from, from + 4_000);
  const version = VERSION_MARK.exec(rest);
  const skipped = version ? version.index + version[0].length : 0;
  const load = /\b[A-Za-z_$][\w$]*\.load\(\s*/.exec(withoutComments(rest.slice(skipped)));
  if (!load) {
    findings.byHand.push({
      offset: from,
      text: 'The call of `load` of this snippet was not found. Its first argument must be your client key, and not the write key.',
    });
    return;
  }
  const start = from + skipped + load.index + load[0].length;
  const argument = code.slice(start, start + 400);
  const literal = /^(\\?["'`])([^"'`\\\n]*)\1/.exec(argument);
  const value = /^[^,()\s]+(?:\([^()]*\))?/.exec(argument);
  const found = literal ?? value;
  if (!found) return;
  findings.edits.push({ start, end: start + found[0].length, text: clientKey });
  const key = literal?.[2] ?? '';
  if (key !== '' && !/[{}<>$]/.test(key)) noteKey({ findings }, { start }, key);
  else
    findings.next.push({
      offset: start,
      text: `The write key came from \`${found[0].replaceAll(/["'`]/g, '').trim()}\`. Every visitor could read it: rotate it, and give the new one to the proxy as CIO_WRITE_KEY.`,
    });
  const options = /^\s*,\s*(?![\s)]|\/\/|\/\*)/.exec(
    code.slice(start + found[0].length, start + found[0].length + 200),
  );
  if (options)
    findings.byHand.push({
      offset: start,
      text: 'The options of `load` have no effect any more. Pass those that this SDK has to `cioanalytics.createAnalytics({ … })`: https://github.com/cio-first-party/cio-first-party/blob/main/docs/reference/script-attributes.md',
    });
}
