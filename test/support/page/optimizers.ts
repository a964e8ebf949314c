/**
 * What plugins of content management systems do with the scripts of a page. Each takes the HTML of the scripts, and returns the
 * HTML that visitors get, with the files that belong to it.
 */
import { readFileSync } from 'node:fs';
import { minify as terser } from 'terser';
import { ROOT } from '../docs/documentation.ts';

export interface Optimized {
  readonly body: string;
  readonly files: Readonly<Record<string, string>>;
}
export type Optimizer = (html: string) => Promise<Optimized>;

interface Script {
  /** The text of the attributes. */
  readonly attributes: string;
  readonly src: string | undefined;
  readonly code: string;
}

const SCRIPT = /<script([^>]*)>([\s\S]*?)<\/script>/g;

const scriptsIn = (html: string): readonly Script[] =>
  Array.from(html.matchAll(SCRIPT), ([, attributes = '', code = '']) => ({
    attributes,
    src: / src="([^"]*)"/.exec(attributes)?.[1],
    code,
  }));

/** Replaces each script, in their order. */
function rewrite(html: string, each: (script: Script, index: number) => string): string {
  let index = 0;
  return html.replaceAll(SCRIPT, (written) => {
    const [script] = scriptsIn(written);
    return script ? each(script, index++) : written;
  });
}

/** The content of a file of this site. */
const contentOf = (src: string): string => readFileSync(`${ROOT}dist/${src.replace(/^.*\//, '')}`, 'utf8');

const minified = async (code: string): Promise<string> =>
  (await terser(code, { format: { comments: false } })).code ?? '';

/** Minifies each file, and keeps it apart: in another folder, with the attributes. */
export const minify: Optimizer = async (html) => {
  const files: Record<string, string> = {};
  for (const { src } of scriptsIn(html))
    if (src !== undefined) files[`/wp-content/cache/min/1${src}`] = await minified(contentOf(src));
  const body = rewrite(html, ({ attributes, src, code }) =>
    src === undefined
      ? `<script${attributes}>${code}</script>`
      : `<script${attributes.replace(src, `/wp-content/cache/min/1${src}?ver=1`)} data-minify="1"></script>`,
  );
  return { body, files };
};

/** Puts all scripts into one deferred file, in their order, without attributes. `wraps`: each in a try of its own. */
export const combine =
  (wraps: boolean): Optimizer =>
  async (html) => {
    const parts = scriptsIn(html).map(({ src, code }) => (src === undefined ? code : contentOf(src)));
    const all = parts.map((part) => (wraps ? `try{${part}\n}catch(e){}` : part)).join('\n;\n');
    const path = '/wp-content/cache/combined/ddaf06ba.js';
    return {
      body: `${html.replaceAll(SCRIPT, '')}<script defer src="${path}"></script>`,
      files: { [path]: await minified(`var jQuery = {};\n${all}\n;var theme = {};`) },
    };
  };

/** Makes each inline script a deferred data URL, and defers each file. */
export const defer: Optimizer = (html) =>
  Promise.resolve({
    body: rewrite(html, ({ attributes, src, code }) =>
      src === undefined
        ? `<script${attributes} defer src="data:text/javascript;base64,${Buffer.from(code).toString('base64')}"></script>`
        : `<script${attributes.replace(' async', '')} defer></script>`,
    ),
    files: {},
  });

/** Waits for the first click: until then scripts have a type that browsers do not run, and their URL in another attribute. */
export const delay: Optimizer = (html) =>
  Promise.resolve({
    body: `${rewrite(
      html,
      ({ attributes, code }) =>
        `<script type="delayed-script"${attributes.replace(' src=', ' data-delayed-src=')}>${code}</script>`,
    )}<script>
      addEventListener('click', async function () {
        for (const written of document.querySelectorAll('script[type=delayed-script]')) {
          const script = document.createElement('script');
          for (const { name, value } of written.attributes)
            if (name !== 'type') script.setAttribute(name === 'data-delayed-src' ? 'src' : name, value);
          script.async = false;
          script.text = written.text;
          const done = script.src ? new Promise((resolve) => (script.onload = script.onerror = resolve)) : null;
          written.replaceWith(script);
          await done;
        }
        document.documentElement.dataset.delayed = 'run';
      }, { once: true });
    </script>`,
    files: {},
  });
