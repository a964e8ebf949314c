/** The frame of every shop page: head, header with the state of delivery, footer. */
import { readFileSync } from 'node:fs';
import { html, type Html, trusted } from '../html.ts';

export interface PageNeeds {
  /** Allows the one inline script. https://developer.mozilla.org/docs/Web/HTML/Global_attributes/nonce */
  readonly nonce: string;
  readonly services: Services;
}

/** What Customer.io can be asked about people here. */
export interface Services {
  readonly inbox: boolean;
  /** Whether visitors who have not signed in get messages. */
  readonly anonymousMessages: boolean;
  readonly topics: boolean;
}

export interface Page {
  readonly title: string;
  /** The path of the section, so that the menu shows where one is. */
  readonly section?: string;
  /** What `page()` is called with. */
  readonly name: string;
  readonly category: string;
  /** The page's own module in `/assets`. */
  readonly script?: string;
  readonly main: Html;
}

let stub: string | undefined;
/** Collects calls made before the SDK has come, which replays them in order. Built with it, so not there before a page is. */
const readStub = (): string =>
  (stub ??= readFileSync(new URL('../../dist/cio-stub.js', import.meta.url), 'utf8'));

const MENU = [
  ['/products', 'All gear'],
  ['/planner', 'Trip planner'],
] as const;

export function layout(page: Page, { nonce, services }: PageNeeds): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${page.title}</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/assets/base.css" />
        <link rel="stylesheet" href="/assets/shop.css" />
        <script src="/assets/network.js"></script>
        <script nonce="${nonce}">
          ${trusted(readStub())};
        </script>
        <script async src="/e/cio.js"></script>
        <script type="module" src="/assets/shop.js"></script>
        ${page.script !== undefined && html`<script type="module" src="/assets/${page.script}"></script>`}
      </head>
      <body
        data-page="${page.name}"
        data-category="${page.category}"
        ${services.inbox && trusted(' data-inbox')}
        ${services.anonymousMessages && trusted(' data-anonymous-messages')}
        ${services.topics && trusted(' data-topics')}
      >
        <a class="skip" href="#main">Skip to content</a>
        <p class="delivery">
          <span class="dot" aria-hidden="true"></span>
          <span id="delivery" role="status">Starting</span>
          <a href="/console">Live console</a>
        </p>
        <header class="top">
          <a class="brand" href="/"
            ><svg aria-hidden="true"><use href="/assets/art.svg#mark" /></svg>Tarn</a
          >
          <nav aria-label="Shop">
            ${MENU.map(([path, label]) => html`<a href="${path}" ${path === page.section && trusted(' aria-current="page"')}>${label}</a>`)}
            <a href="/account" ${page.section === '/account' && trusted(' aria-current="page"')}>Account</a>
            <a class="counted" href="/cart" ${page.section === '/cart' && trusted(' aria-current="page"')}
              >Cart<span class="count" data-cart-count hidden></span
            ></a>
          </nav>
          ${services.inbox && bell()}
        </header>
        <main id="main" tabindex="-1">${page.main}</main>
        <footer class="bottom">
          <p>
            <strong>Tarn</strong> is a shop that sells nothing: it shows how
            <code>cio-first-party</code> delivers what visitors do to Customer.io.
          </p>
          <p><a href="/console">Live console</a></p>
        </footer>
      </body>
    </html>`;
}

/** The inbox on every page, behind a button that says how much of it is unread. */
function bell(): Html {
  return html`<div class="bell" id="bell" hidden>
    <button type="button" class="counted" aria-expanded="false" aria-controls="bell-messages">
      <svg aria-hidden="true" viewBox="0 0 24 24">
        <path d="M6 16.500V11a6 6 0 0 1 12 0v5.500l1.500 2h-15ZM10 21h4" />
      </svg>
      <span class="visually-hidden">Messages</span>
      <span class="count" data-unread-count hidden></span>
    </button>
    <section class="inbox" id="bell-messages" aria-labelledby="bell-title" hidden>
      ${inboxParts('bell-title')}
    </section>
  </div>`;
}

/** The elements of an inbox. The browser fills them. */
export function inboxParts(titleId: string): Html {
  return html`<div class="section-head">
      <h2 id="${titleId}" tabindex="-1">Messages</h2>
      <p class="note" data-unread></p>
    </div>
    <div class="chips" role="group" aria-label="Topics of messages" data-filters></div>
    <ul data-messages></ul>
    <p class="note" data-words></p>
    <div class="trouble" data-trouble hidden>
      <p role="alert" data-why></p>
      <button type="button" class="button quiet small" data-again>Try again</button>
    </div>
    <p class="visually-hidden" role="status" data-told></p>`;
}

export function picture(slug: string, className: string): Html {
  return html`<span class="art tint-${slug} ${className}"
    ><svg viewBox="0 0 240 240" aria-hidden="true"><use href="/assets/art.svg#${slug}" /></svg
  ></span>`;
}
