import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The names under which systems install Chromium and the browsers made from it. */
const COMMANDS = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'microsoft-edge',
  'msedge',
  'chromium-headless-shell',
];
const MAC = ['Google Chrome', 'Chromium', 'Microsoft Edge'].map(
  (name) => `/Applications/${name}.app/Contents/MacOS/${name}`,
);
const WINDOWS = ['Google\\Chrome\\Application\\chrome.exe', 'Microsoft\\Edge\\Application\\msedge.exe'];

/** Whether the path is a file that this user may run. */
export function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Looks for a browser with Chromium's protocol, first in PATH. Returns its path; `null`: there is none. */
export function findBrowser(
  environment: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): string | null {
  const folders = (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const ending = platform === 'win32' ? '.exe' : '';
  const inPath = folders.flatMap((folder) => COMMANDS.map((name) => join(folder, name + ending)));
  const roots = ['ProgramFiles', 'ProgramFiles(x86)', 'LocalAppData'].flatMap(
    (name) => environment[name] ?? [],
  );
  const installed =
    platform === 'win32' ? roots.flatMap((root) => WINDOWS.map((file) => join(root, file))) : MAC;
  return (
    [...inPath, ...(platform === 'darwin' || platform === 'win32' ? installed : [])].find(isProgram) ?? null
  );
}
