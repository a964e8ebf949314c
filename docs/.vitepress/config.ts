import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { defineConfig, type DefaultTheme, type MarkdownOptions, type UserConfig } from 'vitepress';
import { anchorOf, DOCS, readPage, REPOSITORY, repositoryUrl } from './pages.ts';
import { writePlainMarkdown } from './plain-markdown.ts';
import { SECTIONS } from './sidebar.ts';
import { showTabs } from './tabs.ts';

const TITLE = 'cio-first-party';
const DESCRIPTION =
  'First-party delivery of Customer.io events: a browser SDK with a durable event queue, and the proxy behind it.';
/** GitHub Pages and similar hosts serve a site below a path: `DOCS_BASE=/cio-first-party/ npm run docs`. */
const BASE = process.env['DOCS_BASE'] ?? '/';

const pageName = (relativePath: string): string => relativePath.replace(/\.md$/, '');

type MarkdownIt = Parameters<NonNullable<MarkdownOptions['config']>>[0];

/** Lets links to files of the repository that are no pages lead to GitHub. */
function linkRepository(markdown: MarkdownIt): void {
  markdown.core.ruler.push('repository-links', ({ tokens, env }) => {
    const name = pageName((env as { readonly relativePath: string }).relativePath);
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      if (token.type !== 'link_open') continue;
      const url = repositoryUrl(name, token.attrGet('href') ?? '', 'blob');
      if (url !== undefined) token.attrSet('href', url);
    }
  });
}

/** The sidebar takes HTML: code in a title stays code, and pages of error codes show only the code. */
const toHtml = (title: string): string =>
  title
    .replace(/^Error (?=`)/, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/`([^`]+)`/g, '<code>$1</code>');

const sidebar: DefaultTheme.SidebarItem[] = SECTIONS.map(({ title, pages }) => ({
  text: title,
  collapsed: true,
  items: pages.map((name) => ({
    text: name === 'index' ? 'Overview' : toHtml(readPage(name).title),
    link: `/${name.replace(/(^|\/)index$/, '$1')}`,
  })),
}));

/** The development server serves only files below `docs/`, but a page shows charts of `bench/`. The build copies them. */
const serveCharts: NonNullable<NonNullable<UserConfig['vite']>['plugins']>[number] = {
  name: 'serve-charts',
  configureServer({ middlewares }) {
    middlewares.use('/bench/charts', ({ url = '' }, response) => {
      response.setHeader('content-type', 'image/svg+xml');
      response.end(readFileSync(`${DOCS}../bench/charts/${basename(url.replace(/\?.*/, ''))}`));
    });
  },
};

export default defineConfig({
  title: TITLE,
  description: DESCRIPTION,
  base: BASE,
  lang: 'en',
  // A dead link fails the build. Links to a server of the reader's own machine cannot be checked.
  ignoreDeadLinks: 'localhostLinks',
  metaChunk: true,
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `${BASE}icon.svg` }]],
  markdown: {
    config(markdown) {
      linkRepository(markdown);
      showTabs(markdown);
    },
    anchor: { slugify: anchorOf },
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
  },
  vite: {
    plugins: [serveCharts],
    // The index of the search is one file, which a page loads when the visitor opens the search.
    build: { chunkSizeWarningLimit: 1500 },
  },
  themeConfig: {
    nav: [
      { text: 'Start', link: '/start/nextjs', activeMatch: '^/start/' },
      { text: 'Deploy', link: '/deploy/choose', activeMatch: '^/deploy/' },
      { text: 'Reference', link: '/reference/options', activeMatch: '^/reference/' },
      { text: 'Errors', link: '/errors/', activeMatch: '^/(errors/|troubleshooting)' },
      { text: 'GitHub', link: REPOSITORY },
    ],
    sidebar,
    outline: [2, 3],
    // Without this, a word in a heading outweighs all other words of the query.
    search: {
      provider: 'local',
      options: { miniSearch: { searchOptions: { boost: { title: 2, text: 2, titles: 1 } } } },
    },
    editLink: { pattern: `${REPOSITORY}/edit/main/docs/:path`, text: 'Edit this page on GitHub' },
    externalLinkIcon: true,
  },
  transformPageData({ relativePath }) {
    return { description: readPage(pageName(relativePath)).description };
  },
  buildEnd({ outDir }) {
    writePlainMarkdown(outDir, { title: TITLE, description: DESCRIPTION, base: BASE });
  },
});
