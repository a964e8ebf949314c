/**
 * Returns the sentence that refuses a version of Node older than the package supports; `undefined` for other versions.
 * Only this file and `main.ts` run on such a version, so both use only what Node 12 has.
 *
 * @param range `engines.node` of package.json, such as `>=20.19`
 */
export function refuseNodeVersion(version: string, range: string): string | undefined {
  const required = range.replace(/^>=\s*/, '');
  const [major, minor] = numbersOf(version);
  const [requiredMajor, requiredMinor] = numbersOf(required);
  if (major > requiredMajor || (major === requiredMajor && minor >= requiredMinor)) return undefined;
  return `cio-first-party needs Node.js ${required} or later, and this is Node.js ${version}: install a later version from https://nodejs.org.`;
}

function numbersOf(version: string): readonly [major: number, minor: number] {
  const [major = '0', minor = '0'] = version.split('.');
  return [Number(major), Number(minor)];
}
