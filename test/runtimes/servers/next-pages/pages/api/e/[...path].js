import { proxy } from '../../../lib/proxy.js';

export const config = { api: { bodyParser: false, externalResolver: true } }; // Next does not read the body, and does not wait for a response
export default proxy.node;
