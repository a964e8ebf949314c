/** Rewrites one file in memory, and returns what a user would see. */
import { applyEdits } from '../../../../src/cli/migrate/edits.ts';
import { migrateFile } from '../../../../src/cli/migrate/migrate-file.ts';

export const VALUES = { proxyUrl: '/e', clientKey: 'web' };
/** Stands for the code of the stub, whose text is not what these tests are about. */
export const STUB = '(stub)("cioanalytics");';

export interface Migrated {
  readonly code: string;
  /** Line and text of each change that is left. */
  readonly byHand: readonly string[];
  readonly next: readonly string[];
  readonly rewrites: number;
}

export function migrated(file: string, before: string, values: typeof VALUES = VALUES): Migrated {
  const { findings } = migrateFile(file, before, values, STUB, new Map());
  const lineOf = (offset: number): number => before.slice(0, offset).split('\n').length;
  const print = ({ offset, text }: { offset: number; text: string }): string => `${lineOf(offset)}: ${text}`;
  return {
    code: applyEdits(before, findings.edits),
    byHand: findings.byHand.map(print),
    next: findings.next.map(print),
    rewrites: findings.rewrites,
  };
}

/** The code around a call, in a file that imports the vendor's class. */
export const withImport = (code: string): string =>
  `import { AnalyticsBrowser } from '@customerio/cdp-analytics-browser';\n${code}\n`;
export const withOurImport = (code: string): string =>
  `import { createAnalytics } from 'cio-first-party';\n${code}\n`;
