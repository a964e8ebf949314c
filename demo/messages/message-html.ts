/** The HTML documents of the shop's messages. A frame without an origin loads nothing of the shop, so pictures are inside. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { html, type Html, trusted } from '../html.ts';

/** The texts of a message. */
export interface MessageText {
  readonly eyebrow?: string;
  readonly title: string;
  readonly body: string;
  /** The button that leads into the shop. Missing: the message has only a button that closes it. */
  readonly link?: { readonly path: string; readonly words: string; readonly name: string };
  /** The words of the button that closes. */
  readonly close: string;
  /** The product whose picture is shown. */
  readonly art?: string;
  /** The space between a strip and the page around it. The place of the message in the page has none, because it may be empty. */
  readonly space?: 'above' | 'below';
}

export type MessageLayout = 'card' | 'strip' | 'note';

const art = readFileSync(new URL('../public/art.svg', import.meta.url), 'utf8');

const STYLE = `
:root { --surface: #fff; --ink: #15211d; --soft: #4d5d58; --line: #d5dfdc; --line-strong: #7d8f8a;
  --accent: #12594a; --accent-hover: #0c463a; --on-accent: #fff; --wash: #dcece7; --focus: #1d63d8; }
:root[data-color-scheme='dark'] { --surface: #1e2926; --ink: #e8efec; --soft: #a6b6b0; --line: #3a4b46; --line-strong: #71847e;
  --accent: #6fd3b4; --accent-hover: #8fe0c7; --on-accent: #06251d; --wash: #173a31; --focus: #8db8ff; }
* { box-sizing: border-box; margin: 0; padding: 0; }
.message { position: relative; color: var(--ink); background: var(--surface); line-height: 1.5;
  font: 1rem/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif; }
h1 { font-size: 1.125rem; line-height: 1.25; letter-spacing: -0.01em; text-wrap: balance; }
.body { color: var(--soft); }
.eyebrow { color: var(--accent); font-size: 0.875rem; font-weight: 600; }
button { font: inherit; cursor: pointer; }
button:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; }
.actions { display: flex; flex-wrap: wrap; gap: 0.6rem; }
.go, .quiet { min-height: 2.75rem; padding: 0.4rem 1.3rem; border: 1.5px solid var(--accent); border-radius: 999px; font-weight: 600; }
.go { background: var(--accent); color: var(--on-accent); }
.go:hover { background: var(--accent-hover); border-color: var(--accent-hover); }
.quiet { border-color: var(--line-strong); background: none; color: var(--ink); }
.quiet:hover { border-color: var(--ink); }
.x { position: absolute; top: 0.6rem; right: 0.6rem; width: 2.75rem; height: 2.75rem; border: 0; border-radius: 50%; background: none;
  color: inherit; font-size: 1.5rem; line-height: 1; }
.x:hover { background: rgb(0 0 0 / 8%); }
.art { display: block; }

/* A renderer measures the document without the margins of its first and last element. */
.around-card { padding: 0.75rem; }
.around-note { padding: 1rem; }
.around-strip.above { padding-top: 1.25rem; }
.around-strip.below { padding-bottom: 1.5rem; }

.card { overflow: hidden; border-radius: 18px; }
.card .picture { padding: 1.25rem; }
.card .art { width: 11rem; margin-inline: auto; }
.card .x { color: #15211d; }
.card .words { display: grid; gap: 0.6rem; padding: 1.5rem 1.75rem 1.75rem; }
.card h1 { font-size: 1.625rem; line-height: 1.15; letter-spacing: -0.02em; }
.card .actions { margin-top: 0.6rem; }

.strip { display: grid; grid-template-columns: auto minmax(0, 1fr) auto; align-items: center; gap: 0.6rem 1.25rem;
  padding: 0.9rem 3.75rem 0.9rem 1.25rem; border-radius: 18px; background: var(--wash); }
.strip .art { width: 3.5rem; }
.strip .picture { background: none; }
.strip .x { top: calc(50% - 1.375rem); }
.strip .words { grid-column: 2; }

.note { padding: 1.25rem 3.25rem 1.35rem 1.4rem; border: 1px solid var(--line); border-radius: 18px;
  box-shadow: 0 2px 4px rgb(21 33 29 / 8%), 0 8px 14px rgb(21 33 29 / 10%); }
.note .words { display: grid; gap: 0.3rem; }
.note .actions { margin-top: 0.8rem; }

@media (max-width: 34rem) {
  .strip { grid-template-columns: auto minmax(0, 1fr); padding: 1rem 3.25rem 1.1rem 1rem; align-items: start; }
  .strip .x { top: 0.4rem; right: 0.4rem; }
  .strip .actions { grid-column: 2; }
  .card .art { width: 9rem; }
}
`;

const TINTS: Readonly<Record<string, string>> = {
  lee: '#dbe8e4',
  glim: '#f4e5c8',
  heath: '#dde5e6',
  cinder: '#f3dfd3',
  beck: '#e9e2d6',
};

/** Returns the value of `encodedMessageHtml`: base64 of the gzipped document. */
export function packedMessage(layout: MessageLayout, text: MessageText): string {
  return gzipSync(documentOf(layout, text).html).toString('base64');
}

function documentOf(layout: MessageLayout, text: MessageText): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>${text.title}</title>
        <style>
          ${trusted(STYLE)}${layout === 'card' && trusted(tintOf(text.art))}
        </style>
      </head>
      <body>
        ${bodyOf(layout, text)}
      </body>
    </html>`;
}

function bodyOf(
  layout: MessageLayout,
  { eyebrow, title, body, link, close, art: slug, space }: MessageText,
): Html {
  const quiet =
    layout !== 'strip' &&
    html`<button class="quiet" type="button" data-action="gist://close" data-name="later">${close}</button>`;
  const go =
    link &&
    html`<button
      class="go"
      type="button"
      data-action="gist://loadPage?url=${link.path}"
      data-name="${link.name}"
    >
      ${link.words}
    </button>`;
  return html`<div class="around-${layout} ${space}">
    <article class="message ${layout}">
      ${slug !== undefined && html`<div class="picture">${picture(slug)}</div>`}
      <div class="words">
        ${eyebrow !== undefined && html`<p class="eyebrow">${eyebrow}</p>`}
        <h1>${title}</h1>
        <p class="body">${body}</p>
        ${layout !== 'strip' && html`<div class="actions">${go}${quiet}</div>`}
      </div>
      ${layout === 'strip' && go && html`<div class="actions">${go}</div>`}
      <button class="x" type="button" data-action="gist://close" data-name="close" aria-label="Close">
        <span aria-hidden="true">×</span>
      </button>
    </article>
  </div>`;
}

const tintOf = (slug = ''): string => `.picture { background: ${TINTS[slug] ?? '#eaf0ee'}; }`;

/** The symbol of a product in the shop's file of pictures. */
function picture(slug: string): Html {
  const [, viewBox = '', shapes = ''] =
    new RegExp(`<symbol id="${slug}" viewBox="([^"]+)">(.*?)</symbol>`, 's').exec(art) ?? [];
  return html`<svg class="art" viewBox="${viewBox}" aria-hidden="true">${trusted(shapes)}</svg>`;
}
