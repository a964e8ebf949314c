// @vitest-environment node
import { expect, test } from 'vitest';
import { refuseNodeVersion } from '../../../../src/cli/process/node-version.ts';

test.each(['20.19.0', '20.20.2', '21.0.0', '22.0.0', '24.1.0-nightly', '100.0.0'])(
  'Node %s is taken',
  (version) => {
    expect(refuseNodeVersion(version, '>=20.19')).toBeUndefined();
  },
);

test.each(['12.17.0', '18.20.4', '20.0.0', '20.18.3', '20.9.0'])('Node %s is refused', (version) => {
  expect(refuseNodeVersion(version, '>=20.19')).toBe(
    `cio-first-party needs Node.js 20.19 or later, and this is Node.js ${version}: install a later version from https://nodejs.org.`,
  );
});
