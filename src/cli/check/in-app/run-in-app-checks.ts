import { type CheckResult, type Finding, skip } from '../check-result.ts';
import { checkFrameFiles } from './check-frame-files.ts';
import { checkFrameHeaders } from './check-frame-headers.ts';
import { checkFrameCache, checkFramePage, checkIsolation } from './check-frame-page.ts';
import { checkFrameUrls } from './check-frame-urls.ts';
import { checkInBrowser } from './check-in-browser.ts';
import { checkMessageCalls } from './check-message-calls.ts';
import { crawlFrame, type FrameCrawl } from './crawl-frame.ts';
import { findInHtml } from './find-in-html.ts';
import { createInAppContext, type InAppCheckOptions, type InAppContext } from './in-app-context.ts';

/** Runs the checks of in-app messages. No check sends an event, a metric or credentials. */
export async function runInAppChecks(options: InAppCheckOptions): Promise<readonly CheckResult[]> {
  const context = createInAppContext(options);
  const results: CheckResult[] = [];
  const add = (group: string, findings: readonly Finding[]): void => {
    for (const { blocks: _, ...finding } of findings) results.push({ group, ...finding });
  };
  const skipRest = (groups: readonly string[], because: string): readonly CheckResult[] => {
    for (const group of groups) add(group, [skip(group, `because of: ${because}`)]);
    return results;
  };

  const calls = await checkMessageCalls(context);
  add('messages', calls);
  // Where the first call does not reach the proxy, nothing else does. Of the others, a server in front may take single paths.
  const [first] = calls;
  if (first?.blocks === 'all') return skipRest(['frame', 'headers', 'files', 'browser'], first.name);

  const reply = await context.getPage(context.pageUrl);
  const page = checkFramePage(context, reply);
  add('frame', [page]);
  if (reply.kind === 'failure' || page.blocks !== undefined)
    return skipRest(['headers', 'files', 'browser'], page.name);
  const { base, metaPolicy } = findInHtml(reply.text);
  add('frame', [checkFrameCache(reply), await checkIsolation(context)]);
  add('headers', checkFrameHeaders(context, reply, metaPolicy));
  const crawl = await crawlFrame(context, reply);
  add('headers', headersOfOtherPages(context, crawl));
  add('files', [...checkFrameUrls(context, base, crawl), ...checkFrameFiles(reply, crawl)]);
  add('browser', await checkInBrowser(context));
  return results;
}

/** The findings about the pages to which the first page leads, without those that pass. */
function headersOfOtherPages(context: InAppContext, { files }: FrameCrawl): readonly Finding[] {
  return files.flatMap(({ reply, url, use }) => {
    if (use !== 'page' || reply.kind === 'failure' || reply.status !== 200) return [];
    const findings = checkFrameHeaders(context, reply, findInHtml(reply.text).metaPolicy);
    return findings.filter(({ status }) => status !== 'pass').map((finding) => at(url, finding));
  });
}

function at({ pathname }: URL, finding: Finding): Finding {
  return { ...finding, detail: `${finding.detail}, at ${pathname}` };
}
