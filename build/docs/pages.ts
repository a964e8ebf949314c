import { apiPages } from './api.ts';
import { formatted, type Page } from './page.ts';

/** All generated pages, as they must be in git. */
export function referencePages(): Promise<readonly Page[]> {
  return Promise.all([...apiPages()].map(formatted));
}
