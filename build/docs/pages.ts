import { readFileSync } from 'node:fs';
import { apiPages } from './api.ts';
import { helpTexts } from './cli.ts';
import { environmentVariables } from './environment-variables.ts';
import { formatted, type Page, withBlock } from './page.ts';
import { paths } from './paths.ts';
import { refusals } from './refusals.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const read = (file: string): Page => ({ file, text: readFileSync(ROOT + file, 'utf8') });

/** All pages that are generated, as a whole or in a part, as they must be in git. */
export function referencePages(): Promise<readonly Page[]> {
  const pages = [
    ...apiPages(),
    withBlock(
      read('docs/reference/environment-variables.md'),
      'environment-variables',
      environmentVariables(),
    ),
    withBlock(read('docs/reference/cli.md'), 'cli', helpTexts()),
    withBlock(withBlock(read('docs/reference/http-api.md'), 'paths', paths()), 'refusals', refusals()),
  ];
  return Promise.all(pages.map(formatted));
}
