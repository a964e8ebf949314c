import { proxy } from '../../../lib/proxy.js';

export const config = { api: { bodyParser: false, externalResolver: true } }; // Next reads no body, and waits for no answer
export default proxy.node;
