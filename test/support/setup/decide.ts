/** Decides what the set-up of the tests installs on this machine, and what it prints before. */

/** What the tests need and this machine does not have. */
export interface Missing {
  /** Debian packages of programs without which tests fail. */
  readonly packages: readonly string[];
  /** No Chromium was found. */
  readonly chromium: boolean;
  /** Debian's headless shell: browser tests are faster with it, and run without it. */
  readonly headlessShell: boolean;
}

export interface Situation {
  /** The environment variable `CI`. */
  readonly ci: string | undefined;
  /** The command line has `--install`. */
  readonly install: boolean;
  /** stdin is a terminal, so that a person can run the printed commands. */
  readonly terminal: boolean;
  /** This process may run apt-get: the user is root, and apt-get exists. */
  readonly apt: boolean;
}

export interface Decision {
  /** Packages that apt installs now. */
  readonly packages: readonly string[];
  /** Playwright downloads its Chromium now. */
  readonly chromium: boolean;
  /** Lines to print before anything is installed. */
  readonly lines: readonly string[];
  /** Something that tests need stays missing: the tests cannot start. */
  readonly blocked: boolean;
}

export const HEADLESS_SHELL = 'chromium-headless-shell';
export const PLAYWRIGHT_INSTALL: readonly string[] = ['playwright', 'install', 'chromium'];
/** Arguments of apt-get: packages that are installed already keep their version. */
export const APT_INSTALL: readonly string[] = ['install', '-y', '--no-install-recommends', '--no-upgrade'];

export function decide({ packages, chromium, headlessShell }: Missing, situation: Situation): Decision {
  const { ci, install, terminal, apt } = situation;
  const mayInstall = install || !terminal || (ci !== undefined && !['', '0', 'false'].includes(ci));
  const wanted = [...packages, ...(headlessShell && apt && mayInstall ? [HEADLESS_SHELL] : [])];
  const needsApt = packages.length > 0;
  const commands = [
    ...(wanted.length ? [`${apt ? '' : 'sudo '}apt-get ${[...APT_INSTALL, ...wanted].join(' ')}`] : []),
    ...(chromium ? [`npx ${PLAYWRIGHT_INSTALL.join(' ')}`] : []),
  ];
  const canInstall = mayInstall && (apt || !needsApt);
  if (commands.length === 0) return { packages: [], chromium: false, lines: [], blocked: false };
  if (canInstall)
    return {
      packages: wanted,
      chromium,
      lines: ['The set-up of the tests runs:', ...commands],
      blocked: false,
    };
  return {
    packages: [],
    chromium: false,
    lines: [
      `The tests need ${[...packages, ...(chromium ? ['Chromium (or CHROMIUM_PATH)'] : [])].join(', ')}. Run:`,
      ...commands,
      ...(apt || !needsApt ? ['or run the tests with `-- --install`.'] : []),
    ],
    blocked: true,
  };
}
