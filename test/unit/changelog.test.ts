// @vitest-environment node
/** CHANGELOG.md has the form of https://keepachangelog.com, so that people and tools find what a version changes. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
const text = read('CHANGELOG.md');
const { version } = JSON.parse(read('package.json')) as { version: string };

interface Section {
  /** `Unreleased`, or a version. */
  readonly name: string;
  readonly title: string;
  readonly body: string;
}

const [preamble = '', ...parts] = text.split(/^## /m);
const sections: readonly Section[] = parts.map((part) => {
  const [title = ''] = part.split('\n', 1);
  return { name: /^\[(.+?)\]/.exec(title)?.[1] ?? '', title, body: part.slice(title.length) };
});
const released = sections.filter(({ name }) => name !== 'Unreleased');

test('the version of package.json has a section with its date, or waits under Unreleased', () => {
  const names = sections.map(({ name }) => name);
  expect(names[0]).toBe('Unreleased');
  expect(new Set(names).size).toBe(names.length);
  for (const { title } of released) expect(title).toMatch(/^\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d$/);
  if (!names.includes(version)) expect(sections[0]?.body).toMatch(/^- /m);
});

test('the newest version comes first', () => {
  const order = (name: string): number =>
    name.split('.').reduce((sum, part) => sum * 10_000 + Number(part), 0);
  const numbers = released.map(({ name }) => order(name));
  expect(numbers).toEqual([...numbers].sort((one, other) => other - one));
});

test('the title and the kinds of changes are those of the form, each kind once in a section', () => {
  expect(preamble).toMatch(/^# Changelog\n/);
  for (const { name, body } of sections) {
    const kinds = [...body.matchAll(/^### (.+)$/gm)].map(([, kind]) => kind);
    const known = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Security'];
    expect(kinds, name).toEqual(known.filter((kind) => kinds.includes(kind)));
    expect(
      body
        .split(/^### /m)[0]
        ?.replace(/^\[.+$/gm, '')
        .trim(),
      name,
    ).not.toMatch(/^- /m);
  }
});

test('each section has a link', () => {
  for (const { name } of sections) expect(text).toMatch(new RegExp(`^\\[${name}\\]: https://`, 'm'));
});
