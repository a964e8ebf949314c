import { AnalyticsBrowser } from '@customerio/cdp-analytics-browser';

/** The official web SDK as its makers ship it; each test loads it with settings of its own. */
Object.assign(window, { AnalyticsBrowser });
