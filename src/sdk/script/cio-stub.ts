/** The stub of the script tag: `cio-first-party snippet` prints it, with the name of the global. */
import { makeStub } from './stub.ts';

makeStub('cioanalytics');
