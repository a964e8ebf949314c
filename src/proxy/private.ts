export { createPrivateDoor } from './private-door.ts';
