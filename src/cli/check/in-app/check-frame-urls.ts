import { fail, type Finding, pass, warning } from '../check-result.ts';
import type { FrameCrawl, OutsideUrl } from './crawl-frame.ts';
import { findStorages } from './find-in-script.ts';
import type { InAppContext } from './in-app-context.ts';
import type { FileUse } from './reference.ts';

/** The policy of the frame allows images and media of every host. */
const ALLOWED: ReadonlySet<FileUse> = new Set(['image', 'media']);
const MOST_NAMES = 5;

export const USE_DIRECT =
  "If no message is drawn, set inApp.renderer: 'direct' on the page: the frame then comes from Customer.io.";

/** Checks where the URLs in the files of the renderer lead: what is not below the paths of the frame does not load. */
export function checkFrameUrls(
  context: InAppContext,
  base: string | undefined,
  crawl: FrameCrawl,
): readonly Finding[] {
  return [
    baseTag(context, base),
    fromRoot(withoutNavigations(crawl.fromRoot)),
    otherHosts(withoutNavigations(crawl.otherHosts)),
    navigations(crawl),
    storages(crawl),
  ];
}

/** The target of a navigation is a text in a script too: it has a row of its own. */
function withoutNavigations(urls: readonly OutsideUrl[]): readonly OutsideUrl[] {
  const targets = new Set(urls.filter(({ isNavigation }) => isNavigation).map(({ url }) => url.href));
  return urls.filter(({ url }) => !targets.has(url.href));
}

function baseTag({ framePath, pageUrl }: InAppContext, base: string | undefined): Finding {
  const name = '<base>';
  const advice =
    'Let the servers in front of the proxy send the page as the proxy does: the proxy adds <base>, so that the page finds its files.';
  if (base === undefined) return fail(name, 'missing', advice);
  const url = URL.canParse(base, pageUrl) ? new URL(base, pageUrl) : undefined;
  if (url?.host === pageUrl.host && url.pathname.startsWith(framePath)) return pass(name, url.pathname);
  return fail(name, `leads to ${url?.origin ?? ''}${url?.pathname ?? 'no URL'}`, advice);
}

function fromRoot(urls: readonly OutsideUrl[]): Finding {
  const name = 'URLs from the root';
  const text = inList(urls.map(({ url, from }) => `${url.pathname} in ${fileName(from)}`));
  if (text === '') return pass(name, 'all are below the paths of the frame');
  const advice = `These URLs lead to your site, which does not have the files. ${USE_DIRECT}`;
  const isNeeded = urls.some(({ isCertain, use }) => isCertain && !ALLOWED.has(use));
  return isNeeded ? fail(name, text, advice) : warning(name, text, advice);
}

function otherHosts(urls: readonly OutsideUrl[]): Finding {
  const name = 'other hosts';
  const blocked = urls.filter(({ use, isCertain }) => !isCertain || !ALLOWED.has(use));
  if (blocked.length === 0)
    return pass(name, urls.length === 0 ? 'none' : 'for images only, which the frame allows');
  return warning(
    name,
    inList(
      blocked.map(({ url, use, isCertain, from }) =>
        isCertain ? `${url.host} (${use})` : `${url.host} (named in ${fileName(from)})`,
      ),
    ),
    `The frame's policy blocks them, except images and media. ${USE_DIRECT}`,
  );
}

/** Checks the pages to which a script of the page goes. The policy of the frame does not stop that; the one of your pages does. */
function navigations({ navigations: inside, otherHosts: outside, fromRoot: atRoot }: FrameCrawl): Finding {
  const name = 'script redirects';
  const leaving = [...outside, ...atRoot].filter(({ isNavigation }) => isNavigation);
  if (leaving.length > 0)
    return fail(
      name,
      inList(leaving.map(({ url, from }) => `to ${url.origin}${url.pathname} in ${fileName(from)}`)),
      `The frame leaves the proxy. Set inApp.rendererUrl and inApp.codeUrl (CIO_IN_APP_RENDERER_URL, CIO_IN_APP_CODE_URL) to the hosts of the renderer, which the proxy rewrites. ${USE_DIRECT}`,
    );
  const text = inList(inside.map(({ pathname }) => `to ${pathname}`));
  return pass(name, text === '' ? 'none' : `${text}, below the paths of the frame`);
}

function storages({ scripts }: FrameCrawl): Finding {
  const name = 'storage';
  const uses = scripts.flatMap(({ path, text }) => {
    const names = findStorages(text);
    return names.length === 0 ? [] : [`${fileName(path)}: ${names.join(', ')}`];
  });
  if (uses.length === 0) return pass(name, 'not used');
  return warning(
    name,
    inList(uses),
    `In the sandbox they throw: the row "routeLoaded" tells whether the scripts work without them. ${USE_DIRECT}`,
  );
}

const fileName = (path: string): string => path.split('/').at(-1) || path;

/** The first names, each once, and how many there are besides. */
function inList(names: readonly string[]): string {
  const all = [...new Set(names)];
  const more = all.length > MOST_NAMES ? `, and ${all.length - MOST_NAMES} more` : '';
  return all.slice(0, MOST_NAMES).join(', ') + more;
}
