import type { FrameHosts } from './frame-hosts.ts';

/** Rewrites the URLs in the files of the renderer, so that its page finds them at the proxy. */
export interface Rewrite {
  /** `url`: where the document was found, after redirects. */
  html(text: string, url: URL): string;
  css(text: string, url: URL): string;
  script(text: string): string;
}

const BASE_TAG = /<base\b[^>]*>/i;
const HREF = /\shref\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i;
/** An attribute whose value is a URL that begins with one slash. */
const ROOT_ATTRIBUTE = /(\s(?:src|href|action|poster|data)\s*=\s*["']?)(\/(?!\/)[^\s"'>]*)/gi;
const ROOT_CSS = /(\burl\(\s*["']?|@import\s+["'])(\/(?!\/)[^\s"')]*)/gi;
/** The place for `<base>`: the beginning of the head, or that of the document. */
const HEAD = /^(?:[^<]+|<!--[^]*?-->|<!doctype[^>]*>|<html\b[^>]*>)*(?:<head\b[^>]*>)?/i;

export function createRewrite(hosts: FrameHosts): Rewrite {
  // `https://code.example/` and `//code.example/`. A name without a slash behind it is left as it is: it may be an origin, which
  // scripts compare with others.
  const absolute = hosts.prefixes.map(([url, path]) => {
    const [scheme = '', rest = ''] = url.split('//');
    return [new RegExp(`(?:${escaped(scheme)})?//${escaped(rest)}`, 'g'), path] as const;
  });

  function script(text: string): string {
    return absolute.reduce((result, [pattern, path]) => result.replace(pattern, () => path), text);
  }

  /** Rewrites URLs that begin with a slash: on the server of the document they are not below the paths of the proxy. */
  function fromRoot(text: string, pattern: RegExp, url: URL): string {
    return text.replace(pattern, (whole, before: string, value: string) => {
      const path = URL.canParse(value, url) ? hosts.pathOf(new URL(value, url)) : null;
      return path === null ? whole : before + path;
    });
  }

  /** Makes the tag `<base>`: the folder of the document, or what its own tag says. */
  function baseTag(own: string | undefined, url: URL): string {
    const [, ...values] = HREF.exec(own ?? '') ?? [];
    const href = values.find((value) => value !== undefined) ?? '.';
    const path = URL.canParse(href, url) ? hosts.pathOf(new URL(href, url)) : null;
    return path === null ? '' : `<base href="${path}">`;
  }

  return {
    script,
    css: (text, url) => script(fromRoot(text, ROOT_CSS, url)),
    html(text, url) {
      const [own] = BASE_TAG.exec(text) ?? [];
      const rest = text.replace(BASE_TAG, '');
      // URLs from the root first: afterwards the paths of the proxy begin with a slash too.
      const rewritten = script(fromRoot(fromRoot(rest, ROOT_ATTRIBUTE, url), ROOT_CSS, url));
      const base = baseTag(own, url);
      return rewritten.replace(HEAD, (head) => head + base);
    },
  };
}

function escaped(text: string): string {
  return text.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&');
}
