/** Installs the packages that the tests of other runtimes import. */
import { install } from '../support/setup/install.ts';
import { FOLDER } from './folder.ts';

export function setup(): void {
  install(FOLDER);
}
