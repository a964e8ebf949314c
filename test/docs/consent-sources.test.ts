// @vitest-environment node
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DOCUMENTATION, ROOT } from '../support/docs/documentation.ts';

const { devDependencies } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as {
  readonly devDependencies: Readonly<Record<string, string>>;
};

test.each([
  ['klaro', /real scripts of Klaro ([\d.]+\d)/],
  ['vanilla-cookieconsent', /`vanilla-cookieconsent` ([\d.]+\d)/],
  ['@iabtcf/cmpapi', /`@iabtcf\/cmpapi` ([\d.]+\d)/],
  ['@iabgpp/cmpapi', /`@iabgpp\/cmpapi` ([\d.]+\d)/],
])('the documentation names the version of %s that its source is tested with', (name, named) => {
  expect(named.exec(DOCUMENTATION)?.[1]).toBe(devDependencies[name]);
});
