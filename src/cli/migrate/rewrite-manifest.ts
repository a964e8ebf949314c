import { OUR_PACKAGE, VENDOR_PACKAGE, type FileFindings } from './rewriting.ts';

/**
 * Changes the dependency in a `package.json`. `isStillUsed`: whether code below it still needs the vendor's package, which then stays
 * beside the new dependency.
 */
export function rewriteManifest(
  code: string,
  version: string,
  isStillUsed: boolean,
  findings: FileFindings,
): void {
  const old = new RegExp(String.raw`("${VENDOR_PACKAGE}"\s*:\s*)"[^"]*"`, 'g');
  if (new RegExp(String.raw`"${OUR_PACKAGE}"\s*:`).test(code)) return;
  for (const match of code.matchAll(old)) {
    const section = /"(\w+)"\s*:\s*\{[^{}]*$/.exec(code.slice(0, match.index))?.[1] ?? '';
    if (!/dependencies$/i.test(section)) continue;
    const entry = `"${OUR_PACKAGE}": "^${version}"`;
    findings.edits.push(
      isStillUsed
        ? { start: match.index, end: match.index, text: `${entry},${spaceBefore(code, match.index)}` }
        : { start: match.index, end: match.index + match[0].length, text: entry },
    );
    findings.rewrites++;
    findings.next.push({
      offset: match.index,
      text: 'Run the install command of your package manager: the dependencies have changed.',
    });
  }
}

/** The white space before an entry, with its line end. */
const spaceBefore = (code: string, offset: number): string => /\s*$/.exec(code.slice(0, offset))?.[0] ?? ' ';
