import type { InAppOptions } from '../in-app-options.ts';
import { withoutEndSlash } from '../../private/private-settings.ts';

/** The two servers of the renderer, and the paths of the proxy at which their files are. */
export interface FrameHosts {
  /** The URL of the file at a path below `/v1/frame/`; `null`: the proxy serves no such file. */
  urlOf(path: string): URL | null;
  /** The path of the proxy, with `basePath`, for a URL of one of the two servers; `null` for any other URL. */
  pathOf(url: URL): string | null;
  /** The beginnings of all URLs of the servers, with a slash at the end, and the paths for them. */
  readonly prefixes: readonly (readonly [url: string, path: string])[];
}

const RENDERER = 'https://renderer.gist.build';
const CODE = 'https://code.gist.build';
/** The page of the renderer that Customer.io's own web plugin loads. */
const RENDERER_PAGE = '/3.0/index.html';
/** Only the characters that files of a build have: no percent sign, so nothing is decoded twice. */
const FILE_PATH = /^([cr])\/((?:[\w-][\w.-]*\/)*[\w-][\w.-]*)$/;

/** @param framePath the path of all frame files, with `basePath` and a slash at the end: `/e/v1/frame/` */
export function createFrameHosts(
  { rendererUrl = RENDERER, codeUrl = CODE }: Pick<InAppOptions, 'rendererUrl' | 'codeUrl'>,
  framePath: string,
): FrameHosts {
  const bases = { c: `${withoutEndSlash(codeUrl)}/`, r: `${withoutEndSlash(rendererUrl)}/` } as const;
  const prefixes = [
    [new URL(bases.c).href, `${framePath}c/`],
    [new URL(bases.r).href, `${framePath}r/`],
  ] as const;

  return {
    prefixes,
    urlOf(path) {
      if (path === 'index.html') return new URL(withoutEndSlash(rendererUrl) + RENDERER_PAGE);
      const [, host, file = ''] = FILE_PATH.exec(path) ?? [];
      if (host !== 'c' && host !== 'r') return null;
      return new URL(bases[host] + file);
    },
    pathOf({ origin, pathname }) {
      const found = prefixes.find(([url]) => (origin + pathname).startsWith(url));
      return found ? found[1] + (origin + pathname).slice(found[0].length) : null;
    },
  };
}
