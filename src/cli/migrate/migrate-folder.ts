import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { applyEdits } from './edits.ts';
import type { InstanceExports } from './exported-instances.ts';
import { findSources, type Unreadable } from './find-sources.ts';
import { type FileResult, migrateFile } from './migrate-file.ts';
import { rewriteManifest } from './rewrite-manifest.ts';
import { type FileFindings, type NewValues, noFindings, VENDOR_PACKAGE } from './rewriting.ts';

/** Files beyond this size are no source code. */
const MAX_FILE_BYTES = 1_500_000;
const MAX_LINE_LENGTH = 50_000;
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
  readonly unreadable: readonly Unreadable[];
}

/** Rewrites all sources below a folder in memory. Writes nothing. */
export async function migrateFolder(
  folder: string,
  only: string | undefined,
  values: NewValues,
  { version, stub }: OwnPackage,
): Promise<Migration> {
  const found = only === undefined ? await findSources(folder) : { files: [only], unreadable: [] };
  const unreadable = [...found.unreadable];
  const texts = new Map<string, string>();
  for (const file of found.files) {
    const text = await readText(path.join(folder, file)).catch((error: unknown) => {
      unreadable.push({ file, reason: error instanceof Error ? error.message : String(error) });
      return undefined;
    });
    if (text !== undefined) texts.set(file, text);
  }
  const manifests = [...texts].filter(([file]) => path.basename(file) === 'package.json');
  const sources = [...texts].filter(([file]) => path.basename(file) !== 'package.json');
  const results = migrateSources(sources, values, stub);
  const files = [...results, ...migrateManifests(manifests, results, version)].filter(
    ({ findings: { edits, byHand } }) => edits.length + byHand.length > 0,
  );
  return { files: files.sort((one, other) => (one.file < other.file ? -1 : 1)), unreadable };
}

/** Returns undefined for a file that is no text, or that no person has written. */
async function readText(file: string): Promise<string | undefined> {
  const bytes = await readFile(file);
  if (bytes.byteLength > MAX_FILE_BYTES) return undefined;
  try {
    // The mark at the beginning of a file stays, because the rest of the file stays too.
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.split('\n').some(({ length }) => length > MAX_LINE_LENGTH) ? undefined : text;
  } catch {
    return undefined;
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

/** Writes the changed files. */
export async function writeFiles(folder: string, files: readonly MigratedFile[]): Promise<void> {
  for (const { file, before, findings } of files)
    if (findings.edits.length > 0)
      await writeFile(path.join(folder, file), applyEdits(before, findings.edits));
}
