import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import {
  type MigratedFile,
  migrateFolder,
  type Migration,
  type OwnPackage,
  writeFiles,
} from './migrate-folder.ts';
import { printDiff, printSummary } from './migration-report.ts';
import type { NewValues } from './rewriting.ts';

/** Runs the whole migration, and prints its results. Returns the exit code. */
export async function runMigration(
  folder: string,
  only: string | undefined,
  values: NewValues,
  own: OwnPackage,
  isWriting: boolean,
): Promise<number> {
  let migration = await migrateFolder(folder, only, values, own);
  if (isWriting) {
    await warnOfOpenChanges(folder, migration);
    const left = await writeFiles(folder, migration.files);
    const isWritten = ({ file }: MigratedFile): boolean => left.every((each) => each.file !== file);
    migration = { files: migration.files.filter(isWritten), left: [...migration.left, ...left] };
    for (const { file, findings } of migration.files)
      if (findings.edits.length > 0) console.log(`changed ${file}`);
  } else
    process.stdout.write(printDiff(migration, process.stdout.isTTY && process.env['NO_COLOR'] === undefined));
  console.log(
    `${migration.files.some(({ findings }) => findings.edits.length > 0) ? '\n' : ''}${printSummary(migration, values, isWriting)}`,
  );
  const isDone =
    migration.left.length === 0 && migration.files.every(({ findings }) => findings.byHand.length === 0);
  return isDone ? 0 : 1;
}

/** Warns when git cannot restore what is overwritten. The diff was there to look at before, so that the command continues. */
async function warnOfOpenChanges(folder: string, { files }: Migration): Promise<void> {
  const changed = files.filter(({ findings }) => findings.edits.length > 0).map(({ file }) => file);
  if (changed.length === 0) return;
  const open = await promisify(execFile)('git', [
    '-C',
    folder,
    'status',
    '--porcelain',
    '--',
    ...changed,
  ]).then(
    ({ stdout }) => stdout.trimEnd(),
    // Without git, or outside of a repository, there is nothing to compare with.
    () => '',
  );
  if (open !== '')
    console.warn(`These files have changes that are not committed, and get further ones:\n${open}`);
}
