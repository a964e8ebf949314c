// @vitest-environment node
/** The browser of this machine. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findBrowser, isProgram } from '../../../../src/cli/check/in-app/find-browser.ts';

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'find-browser-'));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

test('is the first in PATH that can be started', () => {
  const [first, second] = [folder(), folder()];
  mkdirSync(join(first, 'chromium'));
  writeFileSync(join(first, 'google-chrome'), 'not a program');
  const chrome = join(second, 'google-chrome-stable');
  writeFileSync(chrome, '#!/bin/sh\n');
  chmodSync(chrome, 0o755);
  expect(findBrowser({ PATH: `${first}:${second}` }, 'linux')).toBe(chrome);
  expect(isProgram(join(first, 'google-chrome'))).toBe(false);
});

test('is missing', () => {
  expect(findBrowser({ PATH: folder() }, 'linux')).toBeNull();
  expect(findBrowser({}, 'linux')).toBeNull();
});

test('is in the folders of programs on Windows', () => {
  const root = folder();
  const file = join(root, 'Google\\Chrome\\Application\\chrome.exe');
  writeFileSync(file, '');
  chmodSync(file, 0o755);
  expect(findBrowser({ ProgramFiles: root }, 'win32')).toBe(file);
});
