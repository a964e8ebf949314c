/** The package works in the tests of applications: in Jest, whose jsdom lacks many functions of browsers. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { FOLDER } from './folder.ts';

const CONFIG = {
  rootDir: `${FOLDER}jest`,
  testEnvironment: 'jsdom',
  testRegex: ['/analytics\\.js$'],
  transform: {},
};

test.each([
  ['as modules', ['--experimental-vm-modules'], CONFIG],
  [
    'as CommonJS, with the package transformed',
    [],
    {
      ...CONFIG,
      transform: { '\\.js$': `${FOLDER}jest/transform.cjs` },
      transformIgnorePatterns: ['/node_modules/(?!cio-first-party/)'],
    },
  ],
])('Jest with jsdom, %s', async (_, flags, config) => {
  const { stderr } = await promisify(execFile)(
    process.execPath,
    [...flags, `${FOLDER}node_modules/jest/bin/jest.js`, '--no-cache', '--config', JSON.stringify(config)],
    { cwd: FOLDER, timeout: 25_000 },
  );
  expect(stderr).toContain('Tests:       2 passed, 2 total');
});
