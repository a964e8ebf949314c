// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { decide, type Missing, type Situation } from '../../support/setup/decide.ts';

const NOTHING: Missing = { packages: [], chromium: false, headlessShell: false };
const DEVELOPER: Situation = { ci: undefined, install: false, terminal: true, apt: true };

describe('the set-up of the tests', () => {
  test.each<Partial<Situation>>([{}, { ci: '1' }, { install: true }, { terminal: false }, { apt: false }])(
    'does nothing and prints nothing where nothing is missing: %j',
    (more) => {
      expect(decide(NOTHING, { ...DEVELOPER, ...more })).toEqual({
        packages: [],
        chromium: false,
        lines: [],
        blocked: false,
      });
    },
  );

  test.each<Partial<Situation>>([{ ci: 'true' }, { ci: '1' }, { install: true }, { terminal: false }])(
    'installs only the missing packages, and upgrades none: %j',
    (more) => {
      const missing = { ...NOTHING, packages: ['nginx', 'wrk'] };
      expect(decide(missing, { ...DEVELOPER, ...more })).toEqual({
        packages: ['nginx', 'wrk'],
        chromium: false,
        lines: [
          'The set-up of the tests runs:',
          'apt-get install -y --no-install-recommends --no-upgrade nginx wrk',
        ],
        blocked: false,
      });
    },
  );

  test.each<Partial<Situation>>([{}, { ci: '' }, { ci: '0' }, { ci: 'false' }])(
    'leaves the machine of a developer alone, and prints the command: %j',
    (more) => {
      const missing = { ...NOTHING, packages: ['nginx'], chromium: true };
      expect(decide(missing, { ...DEVELOPER, ...more })).toEqual({
        packages: [],
        chromium: false,
        lines: [
          'The tests need nginx, Chromium (or CHROMIUM_PATH). Run:',
          'apt-get install -y --no-install-recommends --no-upgrade nginx',
          'npx playwright install chromium',
          'or run the tests with `-- --install`.',
        ],
        blocked: true,
      });
    },
  );

  test('prints the command with sudo where this user may not run apt-get', () => {
    const decision = decide({ ...NOTHING, packages: ['caddy'] }, { ...DEVELOPER, install: true, apt: false });
    expect(decision).toEqual({
      packages: [],
      chromium: false,
      lines: [
        'The tests need caddy. Run:',
        'sudo apt-get install -y --no-install-recommends --no-upgrade caddy',
      ],
      blocked: true,
    });
  });

  test('downloads a Chromium also where there is no apt-get', () => {
    const decision = decide({ ...NOTHING, chromium: true }, { ...DEVELOPER, install: true, apt: false });
    expect(decision).toMatchObject({
      packages: [],
      chromium: true,
      lines: ['The set-up of the tests runs:', 'npx playwright install chromium'],
      blocked: false,
    });
  });

  test('asks nobody for the headless shell, without which the tests are only slower', () => {
    const missing = { ...NOTHING, headlessShell: true };
    expect(decide(missing, DEVELOPER)).toMatchObject({ lines: [], blocked: false });
    expect(decide(missing, { ...DEVELOPER, terminal: false, apt: false })).toMatchObject({ lines: [] });
    expect(decide(missing, { ...DEVELOPER, ci: '1' }).packages).toEqual(['chromium-headless-shell']);
  });
});
