// @vitest-environment node
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { README, ROOT } from '../support/docs/readme.ts';

const { devDependencies } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as {
  readonly devDependencies: Readonly<Record<string, string>>;
};

test.each([
  ['klaro', /real scripts of Klaro ([\d.]+\d)/],
  ['vanilla-cookieconsent', /`vanilla-cookieconsent` ([\d.]+\d)/],
  ['@iabtcf/cmpapi', /`@iabtcf\/cmpapi` ([\d.]+\d)/],
  ['@iabgpp/cmpapi', /`@iabgpp\/cmpapi` ([\d.]+\d)/],
])('the README names the version of %s that its source is tested with', (name, named) => {
  expect(named.exec(README)?.[1]).toBe(devDependencies[name]);
});
