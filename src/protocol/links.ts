/** The pages of the documentation. Messages link to them. */
const DOCS = 'https://github.com/cio-first-party/cio-first-party/blob/main/docs';

/** Returns the URL of a page, such as `troubleshooting.md`. */
export const docsPage = (path: string): string => `${DOCS}/${path}`;

/** Returns the URL of the page about an error code. */
export const errorPage = (code: string): string => docsPage(`errors/${code}.md`);
