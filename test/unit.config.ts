import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import all from './vitest.config.ts';

const needsDom = ({ moduleId }: TestSpecification): boolean =>
  !readFileSync(moduleId, 'utf8').startsWith('// @vitest-environment node');

/**
 * Runs the files that need no DOM first, then those that need one. Vitest ends a thread when the next file needs another environment,
 * and a new thread loads Vitest, the environment and the modules of `src` again: about a second for each change of environment.
 */
class ByEnvironment extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return [...sorted.filter((file) => !needsDom(file)), ...sorted.filter(needsDom)];
  }
}

/** Unit tests only, in two threads whose files share their modules: half of the CPU time of a process for each file. */
export default defineConfig({
  ...all,
  test: {
    ...all.test,
    include: ['test/unit/**/*.test.ts'],
    pool: 'threads',
    isolate: false,
    maxWorkers: 2,
    sequence: { sequencer: ByEnvironment },
  },
});
