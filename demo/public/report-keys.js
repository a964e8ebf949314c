/** Under which names in localStorage the shop's pages write down what they hold, for the console to read. */
export const REPORT = 'demo:browser';
export const HISTORY = 'demo:history';
/** Changes when the console asks for everything to be sent now. */
export const FLUSH = 'demo:flush';
/** What has become of customer tokens. */
export const TOKENS = 'demo:tokens';
/** The key of the SDK's events about messages of the page. */
export const MESSAGES = 'demo:messages';
