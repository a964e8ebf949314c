/**
 * The tag for tag managers, built as ES5: `cio-first-party snippet --gtm` prints it, with its settings. It needs no attributes,
 * because tag managers remove them, and works whenever the tag manager runs it.
 */
import { pageDocument, pageGlobal, warnInConsole } from '../browser.ts';
import { makeStub } from './stub.ts';

export interface TagSettings {
  /** The name of the global. */
  readonly name: string;
  /** The URL of cio.js. */
  readonly src: string;
  /** The options of `createAnalytics`. */
  readonly options: object;
  /** The URL of cio-choices.js, if the consent is that of Google Consent Mode. */
  readonly choices?: string;
}

/** The command puts the settings there. */
declare const CIO_SETTINGS: TagSettings;

type Stub = Record<string, unknown> & { createAnalytics?: (options: object) => unknown };

function install({ name, src, options, choices }: TagSettings): void {
  const page = pageGlobal();
  const owner = pageDocument();
  const warn = (what: unknown): void => warnInConsole(`cio-first-party: ${String(what)}`);
  /** Adds a script: with a URL, or a module with this code. `asked`: the URL that it needs. */
  const add = (asked: string, code?: string): HTMLScriptElement => {
    const script = owner.createElement('script');
    // A nonce of the page is valid for all its scripts. https://www.w3.org/TR/CSP3/#security-nonces
    const { nonce } = owner.querySelector<HTMLScriptElement>('script[nonce]') ?? script;
    if (nonce) script.nonce = nonce;
    script.onerror = () => warn(`${asked} did not load: open this URL, and check proxy, CSP and blockers`);
    if (code) {
      script.type = 'module';
      script.text = code;
    } else script.src = asked;
    owner.head.appendChild(script);
    return script;
  };

  try {
    makeStub(name);
    const stub = page[name] as Stub;
    const { createAnalytics } = stub;
    if (choices) {
      const source = `import{googleConsentMode as c}from${JSON.stringify(choices)}`;
      const made = `Object.assign(${JSON.stringify(options)},{consent:c()})`;
      add(choices, `${source};window[${JSON.stringify(name)}].createAnalytics(${made})`);
    } else createAnalytics?.(options);
    const script = add(src);
    // The tag manager does not see this attribute, and cio.js reads the name before it knows the queue.
    script.dataset['global'] = name;
    script.onload = () => {
      // cio.js replaces this function of the stub. A web page in the place of cio.js does not.
      if (Array.isArray(page[name]) && stub.createAnalytics === createAnalytics)
        warn(`${src} is not cio.js: the proxy must serve it`);
    };
  } catch (cause) {
    // Such as Trusted Types that refuse the URL.
    warn(cause);
  }
}

install(CIO_SETTINGS);
