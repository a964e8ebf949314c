/** How the pages of this shop speak to the SDK, before and after its script has come. */
import { noteCall } from './report.js';

/** Calls the SDK, or the stub that stands in for it until it has loaded. */
export function call(method, ...args) {
  const answer = window.cioanalytics[method](...args);
  if (method !== 'anonymize') noteCall(labelOf(method, args));
  return answer;
}

export const track = (event, properties) => call('track', event, properties);

function labelOf(method, args) {
  if (method === 'track') return args[0];
  if (method === 'page') return `Page: ${args[1] ?? args[0]}`;
  return method;
}
