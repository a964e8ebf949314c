/** Before the tests: everything that they run is there. */
import { install } from '../support/install.ts';
import { installPrograms } from '../support/programs.ts';
import { FOLDER } from './folder.ts';

export function setup(): void {
  install(FOLDER);
  installPrograms();
}
