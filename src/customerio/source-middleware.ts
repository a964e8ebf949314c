/** Loaded when a page first asks for source middleware. */
export { sourceMiddlewarePlugin } from '@customerio/cdp-analytics-browser/src/plugins/middleware/index.ts';
