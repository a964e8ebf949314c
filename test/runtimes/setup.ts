/** Before the tests: everything that they run is there. */
import { install } from '../support/setup/install.ts';
import { installPrograms } from '../support/setup/programs.ts';
import { FOLDER } from './folder.ts';

export function setup(): void {
  install(FOLDER);
  installPrograms();
}
