import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { applyEdits } from './edits.ts';
import type { InstanceExports } from './exported-instances.ts';
import { findSources, leftPlace, type LeftPlace } from './find-sources.ts';
import { type FileResult, migrateFile } from './migrate-file.ts';
import { rewriteManifest } from './rewrite-manifest.ts';
import { type FileFindings, type NewValues, noFindings, OUR_PACKAGE, VENDOR_PACKAGE } from './rewriting.ts';
import { isPage } from './script-blocks.ts';

/** Files beyond this size are no source code. */
const MAX_FILE_BYTES = 1_500_000;
const MAX_LINE_LENGTH = 50_000;
/** The texts for which a file that is not UTF-8 is reported: the name of the vendor's package, or the URL of a script. */
const MENTION =
  /@customerio\/cdp-analytics-browser|assets\.customer\.io\/assets\/track|cdp(-eu)?\.customer\.io\/v1\/analytics-js\//;
const OTHER_CODING = 'This file is not in UTF-8, and stays as it is. Convert it, or change it by hand.';
/** The rounds in which files learn of instances that other files export. */
const MAX_ROUNDS = 5;

/** A file with something to report. */
export interface MigratedFile {
  readonly file: string;
  readonly before: string;
  readonly findings: FileFindings;
}

/** The parts of this package that the new code needs: the version, and the code for pages that queues calls until cio.js has loaded. */
export interface OwnPackage {
  readonly version: string;
  readonly stub: string;
}

export interface Migration {
  readonly files: readonly MigratedFile[];
  /** The files and folders that could not be read. */
  readonly left: readonly LeftPlace[];
}

/** Rewrites all sources below a folder in memory. Writes nothing. */
export async function migrateFolder(
  folder: string,
  only: string | undefined,
  values: NewValues,
  { version, stub }: OwnPackage,
): Promise<Migration> {
  const found = only === undefined ? await findSources(folder) : { files: [only], left: [] };
  const left = [...found.left];
  const texts = new Map<string, string>();
  for (const file of found.files) {
    try {
      const read = await readText(folder, file);
      if (typeof read === 'string') texts.set(file, read);
      else if (read) left.push(read);
    } catch (error) {
      left.push(leftPlace(file, 'read', error));
    }
  }
  const manifests = [...texts].filter(([file]) => path.basename(file) === 'package.json');
  const sources = [...texts].filter(([file]) => path.basename(file) !== 'package.json');
  const results = migrateSources(sources, values, stub);
  adviseInstall(manifests, results);
  const files = [...results, ...migrateManifests(manifests, results, version)].filter(
    ({ findings: { edits, byHand } }) => edits.length + byHand.length > 0,
  );
  return { files: files.sort((one, other) => (one.file < other.file ? -1 : 1)), left };
}

/** Reads a file. Returns undefined for a file that is no text, or that no person has written. */
async function readText(folder: string, file: string): Promise<string | LeftPlace | undefined> {
  const bytes = await readFile(path.join(folder, file));
  if (bytes.byteLength > MAX_FILE_BYTES) return undefined;
  try {
    // The mark at the beginning of a file stays, because the rest of the file stays too.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    // In a page, a long line is an image or a style, and no code of another program.
    return !isPage(file) && text.split('\n').some(({ length }) => length > MAX_LINE_LENGTH)
      ? undefined
      : text;
  } catch {
    return MENTION.test(bytes.toString('latin1')) ? { file, text: OTHER_CODING } : undefined;
  }
}

function migrateSources(
  sources: readonly (readonly [file: string, text: string])[],
  values: NewValues,
  stub: string,
): readonly MigratedFile[] {
  const known: InstanceExports = new Map();
  let results: readonly (readonly [string, string, FileResult])[] = [];
  for (let round = 0; round < MAX_ROUNDS; round++) {
    results = sources.map(([file, text]) => [file, text, migrateFile(file, text, values, stub, known)]);
    let isNew = false;
    for (const [file, , { exports }] of results) {
      if (exports.size > (known.get(file)?.size ?? 0)) {
        known.set(file, exports);
        isNew = true;
      }
    }
    if (!isNew) break;
  }
  return results.map(([file, before, { findings }]) => ({ file, before, findings }));
}

/** Says that the package must be installed, where no manifest was read that could get it: as for a folder such as `src`. */
function adviseInstall(
  manifests: readonly (readonly [file: string, text: string])[],
  results: readonly MigratedFile[],
): void {
  const first = results.find(
    ({ before, findings }) => before.includes(VENDOR_PACKAGE) && findings.edits.length > 0,
  );
  const isKnown = manifests.some(([, text]) => text.includes(VENDOR_PACKAGE) || text.includes(OUR_PACKAGE));
  if (first && !isKnown)
    first.findings.next.push({
      offset: 0,
      text: `Install ${OUR_PACKAGE} with your package manager: no package.json with ${VENDOR_PACKAGE} was found here.`,
    });
}

/** Changes the dependency in each manifest whose sources have changed. */
function migrateManifests(
  manifests: readonly (readonly [file: string, text: string])[],
  results: readonly MigratedFile[],
  version: string,
): readonly MigratedFile[] {
  const owners = manifests.filter(([, text]) => text.includes(VENDOR_PACKAGE));
  const ownerOf = (file: string): string | undefined =>
    owners
      .map(([manifest]) => manifest)
      .filter((manifest) => manifest === 'package.json' || file.startsWith(`${path.dirname(manifest)}/`))
      .sort((one, other) => other.length - one.length)[0];
  return owners.map(([file, before]) => {
    const findings = noFindings();
    const own = results.filter((result) => ownerOf(result.file) === file);
    const isChanged = own.some(
      (each) => each.before.includes(VENDOR_PACKAGE) && each.findings.edits.length > 0,
    );
    const isStillUsed = own.some((each) =>
      applyEdits(each.before, each.findings.edits).includes(VENDOR_PACKAGE),
    );
    if (isChanged) rewriteManifest(before, version, isStillUsed, findings);
    return { file, before, findings };
  });
}

/** Writes the changed files. Returns those that could not be written. */
export async function writeFiles(
  folder: string,
  files: readonly MigratedFile[],
): Promise<readonly LeftPlace[]> {
  const left: LeftPlace[] = [];
  for (const { file, before, findings } of files)
    if (findings.edits.length > 0)
      await writeFile(path.join(folder, file), applyEdits(before, findings.edits)).catch((error: unknown) => {
        left.push(leftPlace(file, 'written', error));
      });
  return left;
}
