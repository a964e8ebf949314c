/** Watches the requests of a page that carry events, as its browser reports them. */
import type { Page, Request } from 'playwright';

export interface Requests {
  readonly count: () => number;
  /** Whether every request has its response or has failed. */
  readonly idle: () => boolean;
}

/** Starts to watch: earlier requests are not counted. */
export function watchRequests(page: Page): Requests {
  let count = 0;
  const open = new Set<Request>();
  page.on('request', (request) => {
    if (!request.url().endsWith('/v1/batch')) return;
    count++;
    open.add(request);
  });
  const ended = (request: Request): void => void open.delete(request);
  page.on('requestfinished', ended);
  page.on('requestfailed', ended);
  return {
    count: () => count,
    idle: () => open.size === 0,
  };
}
