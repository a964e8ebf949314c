/** The HTML pages of the renderer. The script reads its variant from the `html` element. */
import type { RendererVariant } from '../settings.ts';

const page = (variant: RendererVariant, head: string, scripts: string): string => `<!doctype html>
<html lang="en" data-variant="${variant}">
<head>
<meta charset="utf-8">
<title>Message</title>
${head}
</head>
<body>
<main id="message"></main>
${scripts}
</body>
</html>
`;

/** A page whose URLs are relative to its own. */
export const relativePage = (variant: RendererVariant): string =>
  page(variant, '<link rel="stylesheet" href="main.css">', '<script src="main.min.js"></script>');

/** A page with a `<base>` below the root of its host, and with root-absolute URLs of script, style and font. */
export const basePage = (variant: RendererVariant, base: string): string =>
  page(
    variant,
    `<base href="${base}">
<link rel="stylesheet" href="main.css">
<link rel="preload" as="font" type="font/woff2" crossorigin href="${base}assets/font.woff2">
<style>@font-face { font-family: Stand-In; src: url(${base}assets/font.woff2) format("woff2") }</style>`,
    `<script src="${base}main.min.js"></script>`,
  );

/**
 * A page with a module script, which fetches JSON and WebAssembly next to itself. A module runs after the event that makes
 * the site post its options: the inline script keeps messages until then.
 */
export const modulePage = (variant: RendererVariant): string =>
  page(
    variant,
    `<link rel="stylesheet" href="main.css">
<script>window.earlyMessages = []; addEventListener('message', (event) => earlyMessages?.push(event));</script>`,
    '<script type="module" src="module.js"></script>',
  );

/** A page that requests files of hosts which the site does not allow. */
export const externalPage = (variant: RendererVariant): string =>
  page(
    variant,
    `<link rel="stylesheet" href="main.css">
<link rel="stylesheet" href="https://fonts.example/css2?family=Roboto">`,
    '<script src="main.min.js"></script>',
  );

/** A page that navigates once its `load` event is over: the site has posted its options to this page as well. */
export const navigatingPage = (target: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Message</title>
<script>addEventListener('load', () => setTimeout(() => location.replace('${target}'), 0));</script>
</head>
<body></body>
</html>
`;
