import type { ProbeAnswer, Reply } from '../probe.ts';
import { isHtml } from './error-answer.ts';
import { findInHtml, findInStyle } from './find-in-html.ts';
import { findInScript } from './find-in-script.ts';
import type { InAppContext } from './in-app-context.ts';
import { type FileUse, type Reference, useOf } from './reference.ts';

/** A file of the renderer that the page uses. */
export interface CrawledFile {
  readonly url: URL;
  readonly use: FileUse;
  readonly isCertain: boolean;
  readonly reply: Reply;
}

/** A URL that does not lead to the paths of the frame. */
export interface OutsideUrl {
  readonly url: URL;
  readonly use: FileUse;
  readonly isCertain: boolean;
  readonly isNavigation: boolean;
  /** The path of the file that has it. */
  readonly from: string;
}

/** All that the page of the renderer uses, as far as its files show it. */
export interface FrameCrawl {
  readonly files: readonly CrawledFile[];
  /** URLs of other hosts. */
  readonly otherHosts: readonly OutsideUrl[];
  /** URLs of the proxy's host that are not below the paths of the frame. */
  readonly fromRoot: readonly OutsideUrl[];
  /** Pages in the frame to which a script goes. */
  readonly navigations: readonly URL[];
  /** The scripts, by path. An inline script has the path of its page. */
  readonly scripts: readonly { readonly path: string; readonly text: string }[];
  /** Whether there are more files than the check loads. */
  readonly isCutOff: boolean;
}

const MOST_FILES = 80;
/** Requests at the same time. */
const PARALLEL = 6;

interface Task {
  readonly url: URL;
  readonly use: FileUse;
  readonly isCertain: boolean;
  /** The URL to which references are relative that are not relative to their own file. */
  readonly base: URL;
}

/** Follows the references of the page through the proxy. Only paths of the frame are requested, so nothing of other servers. */
export async function crawlFrame(context: InAppContext, page: ProbeAnswer): Promise<FrameCrawl> {
  const { framePath, pageUrl, url: proxyUrl } = context;
  const files: CrawledFile[] = [];
  const otherHosts: OutsideUrl[] = [];
  const fromRoot: OutsideUrl[] = [];
  const navigations: URL[] = [];
  const scripts: { path: string; text: string }[] = [];
  const tasks: Task[] = [];
  const known = new Set([pageUrl.pathname]);

  function follow(reference: Reference, from: URL, base: URL): void {
    const relativeTo = reference.isOfFile ? from : base;
    if (!URL.canParse(reference.value, relativeTo)) return;
    const url = new URL(reference.value, relativeTo);
    if (!/^https?:$/.test(url.protocol)) return;
    const { use, isCertain, isNavigation } = reference;
    const outside = { url, use, isCertain, isNavigation, from: from.pathname };
    if (url.host !== proxyUrl.host) return void otherHosts.push(outside);
    if (!url.pathname.startsWith(framePath)) return void fromRoot.push(outside);
    if (isNavigation) navigations.push(url);
    if (known.has(url.pathname)) return;
    known.add(url.pathname);
    tasks.push({ url, use: use === 'unknown' ? useOf(url.pathname) : use, isCertain, base });
  }

  /** Reads the references of a file. Certain ones first: a text in a script may name the same file. */
  function read({ url, use, base }: Task, { text }: ProbeAnswer): void {
    const found = referencesIn(use, text, url);
    if (found.script !== '') scripts.push({ path: url.pathname, text: found.script });
    const ownBase =
      found.base !== undefined && URL.canParse(found.base, url) ? new URL(found.base, url) : base;
    for (const each of [...found.references].sort(
      (one, other) => Number(other.isCertain) - Number(one.isCertain),
    ))
      follow(each, url, use === 'page' ? ownBase : base);
  }

  async function load(task: Task): Promise<void> {
    const reply = await (task.use === 'page' ? context.getPage(task.url) : context.getFile(task.url));
    files.push({ url: task.url, use: task.use, isCertain: task.isCertain, reply });
    const isRead = reply.kind === 'answer' && reply.status === 200 && isHtml(reply) === (task.use === 'page');
    if (isRead) read({ ...task, base: task.use === 'page' ? task.url : task.base }, reply);
  }

  read({ url: pageUrl, use: 'page', isCertain: true, base: pageUrl }, page);
  while (tasks.length > 0 && files.length < MOST_FILES)
    await Promise.all(tasks.splice(0, Math.min(PARALLEL, MOST_FILES - files.length)).map(load));
  return { files, otherHosts, fromRoot, navigations, scripts, isCutOff: tasks.length > 0 };
}

interface Found {
  readonly references: readonly Reference[];
  readonly script: string;
  readonly base?: string | undefined;
}

function referencesIn(use: FileUse, text: string, { pathname }: URL): Found {
  if (use === 'page') return findInHtml(text);
  if (use === 'style') return { references: findInStyle(text), script: '' };
  if (use !== 'script' && use !== 'module') return { references: [], script: '' };
  const isModule = use === 'module' || pathname.endsWith('.mjs');
  return { references: findInScript(text, isModule), script: text };
}
