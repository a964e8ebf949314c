/** Follows a tutorial in an empty folder: runs its commands, writes its files, and presses its button in a browser. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Browser } from 'playwright';
import { programsOf, type Step } from '../../support/docs/tutorial.ts';
import { plain, type Terminal } from './terminal.ts';

type StepOf<Kind extends Step['kind']> = Extract<Step, { readonly kind: Kind }>;

export interface Reader {
  /** Follows one step after the other. Rejects at the first step that does not do what the page says. */
  follow(steps: readonly Step[]): Promise<void>;
  /** How many programs the reader has started. */
  readonly commands: () => number;
}

export interface Equipment {
  readonly terminal: Terminal;
  readonly browser: Browser;
  /** The packed package, which stands for the one of the registry. */
  readonly tarball: string;
}

/** The place in an HTML file into which the page says to put what the command has printed. */
const PRINTED_LINES = /^.*<!-- Put the two printed lines here. -->$/m;

/** The pages name fixed ports. A program that uses one of them already would receive the requests of the reader. */
async function expectFreePort(expected: readonly string[]): Promise<void> {
  const port = /http:\/\/localhost:(\d+)/.exec(expected.join(' '))?.[1];
  const isUsed = await fetch(`http://localhost:${port}`).then(
    () => true,
    () => false,
  );
  if (isUsed) throw new Error(`The page needs port ${port}, which another program uses`);
}

export function createReader({ terminal, browser, tarball }: Equipment): Reader {
  let commands = 0;
  let printed = '';
  const at = (file: string): string => path.join(terminal.folder(), file);

  /** Whether the text was printed, is a file here or a folder beside this one, or is in package.json. */
  async function isThere(text: string): Promise<boolean> {
    if (plain(printed).includes(plain(text)) || existsSync(at(text)) || existsSync(at(`../${text}`)))
      return true;
    return existsSync(at('package.json')) && (await readFile(at('package.json'), 'utf8')).includes(text);
  }

  async function runCommand({ line, expected, isServer }: StepOf<'command'>): Promise<void> {
    commands += programsOf(line).length;
    // The only change of a command: the package of this repository, and not the published one, is installed.
    const own = line.replace('npm install cio-first-party', `npm install ${tarball}`);
    if (isServer) await expectFreePort(expected);
    printed = isServer ? await terminal.start(own, expected) : await terminal.run(own);
    for (const text of expected)
      if (!(await isThere(text)))
        throw new Error(`The page expects "${text}" of "${line}", which printed:\n${printed}`);
  }

  async function writeBlock({ file, content }: StepOf<'file'>): Promise<void> {
    await mkdir(path.dirname(at(file)), { recursive: true });
    await writeFile(
      at(file),
      content.replace(PRINTED_LINES, () => printed),
    );
  }

  async function editFile({ file, before, after }: StepOf<'edit'>): Promise<void> {
    const text = await readFile(at(file), 'utf8');
    const lines = text.split('\n');
    const index = lines.findIndex((_, i) =>
      before.every((line, k) => line.trim() === (lines[i + k] ?? '').trim()),
    );
    if (index === -1) throw new Error(`${file} has no lines "${before.join('\n')}":\n${text}`);
    lines.splice(index, before.length, ...after);
    await writeFile(at(file), lines.join('\n'));
  }

  async function press({ url, button }: StepOf<'press'>): Promise<void> {
    const page = await browser.newPage();
    await page.goto(url, { timeout: 60_000 });
    // A framework that renders on the server shows the button before its script has loaded.
    await page.waitForLoadState('networkidle');
    await page.getByRole('button', { name: button, exact: true }).click();
  }

  function followStep(step: Step): Promise<void> {
    switch (step.kind) {
      case 'command':
        return runCommand(step);
      case 'file':
        return writeBlock(step);
      case 'edit':
        return editFile(step);
      case 'press':
        return press(step);
    }
  }

  return {
    commands: () => commands,
    async follow(steps) {
      for (const step of steps) await followStep(step);
    },
  };
}
