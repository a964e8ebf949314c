import { proxy } from './proxy.js';

export default { fetch: proxy.fetch };
