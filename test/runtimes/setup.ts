/** Before the tests: everything that they run is there. */
import { install } from '../support/install.ts';
import { FOLDER } from './folder.ts';
import { installNginx } from './nginx.ts';

export function setup(): void {
  install(FOLDER);
  installNginx();
}
