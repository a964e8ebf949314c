export { proxy } from '../../proxy.js';
