/**
 * A container that does with a Custom HTML tag what Google Tag Manager does: it accepts ES5 alone, drops `data-*` attributes and
 * those that it does not know, and makes new script elements, when its trigger fires.
 */
import { parse } from 'acorn';

const SCRIPTS = /<script[^>]*>([\s\S]*?)<\/script>/g;
/** The attributes of a script that stay. */
const KNOWN = ['src', 'type', 'async', 'defer', 'id', 'charset', 'nonce', 'integrity', 'crossorigin'];

export interface ContainerOptions {
  /** Whether the trigger fires at once, or after the page has loaded. */
  readonly trigger?: 'initialization' | 'window-loaded';
  /** How often the tag fires. */
  readonly times?: number;
  /** Variables of the container: `{{name}}` in a tag is their value. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Returns the content of the container's script. @throws SyntaxError as Tag Manager does when it refuses to save a tag */
export function container(
  tag: string,
  { trigger = 'window-loaded', times = 1, variables = {} }: ContainerOptions = {},
): string {
  const html = tag.replaceAll(/\{\{(.*?)\}\}/g, (_, name: string) => {
    const value = variables[name];
    if (value === undefined) throw new SyntaxError(`The container has no variable ${name}`);
    return value;
  });
  for (const [, code = ''] of html.matchAll(SCRIPTS)) parse(code, { ecmaVersion: 5 });
  return `(function () {
    function fire() {
      var template = document.createElement('template');
      template.innerHTML = ${JSON.stringify(html).replaceAll('<', String.raw`\x3C`)};
      Array.prototype.forEach.call(template.content.querySelectorAll('script'), function (written) {
        var script = document.createElement('script');
        ${JSON.stringify(KNOWN)}.forEach(function (name) {
          if (written.hasAttribute(name)) script.setAttribute(name, written.getAttribute(name));
        });
        script.text = written.text;
        document.body.appendChild(script);
      });
    }
    for (var i = 0; i < ${times}; i++)
      ${trigger === 'initialization' ? 'setTimeout(fire)' : "addEventListener('load', function () { setTimeout(fire); })"};
  })();`;
}
