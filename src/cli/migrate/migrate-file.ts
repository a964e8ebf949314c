import { exportedInstances, importedInstances, type InstanceExports } from './exported-instances.ts';
import { rememberInstance } from './instance-scopes.ts';
import { rewriteModule } from './rewrite-module.ts';
import { rewriteSnippets } from './rewrite-snippets.ts';
import { type FileFindings, type NewValues, noFindings, VENDOR_PACKAGE } from './rewriting.ts';
import { readScopes } from './scopes.ts';
import { findScripts, isPage, type ScriptBlock } from './script-blocks.ts';
import { reviewElements, rewriteSnippetElements } from './snippet-elements.ts';
import { type Language, parseCode, visitAll, type NodeVisit } from './syntax-tree.ts';

/** The result for one file: what was found, and the instances that the file exports. */
export interface FileResult {
  readonly findings: FileFindings;
  readonly exports: ReadonlySet<string>;
}

/** The languages that are tried, because an ending says little about types and JSX. */
const ATTEMPTS: Readonly<Record<Language, readonly Language[]>> = {
  js: ['js', 'tsx', 'ts'],
  ts: ['ts', 'tsx'],
  tsx: ['tsx', 'ts'],
};

/** The forms of a write key in code that stays: `writeKey: '…'`, `WRITE_KEY = "…"`, `analytics.load("…")` in a comment, a URL. */
const KEY_FORMS: readonly RegExp[] = [
  /write_?key[\w$]*["'`]?\s*(?::\s*string\s*)?[:=]\s*(["'`])(?<key>[^"'`\\\n<>{}]+)\1/gi,
  /\.load\(\s*(\\?["'`])(?<key>[\w-]{9,})\1/g,
  /analytics-js\/snippet\/(?<key>[\w-]{9,})\//g,
];

/** Rewrites one file. `stub`: the code for pages that queues calls until cio.js has loaded. `known`: the instances that other files export. */
export function migrateFile(
  file: string,
  text: string,
  values: NewValues,
  stub: string,
  known: InstanceExports,
): FileResult {
  const findings = noFindings();
  const exports = new Set<string>();
  // The scripts of a component have one scope. Each script of a page may be a module, with a scope of its own.
  const shared = new Set<string>();
  for (const block of findScripts(file, text)) {
    if (!block.code.includes(VENDOR_PACKAGE) && !mayImport(block.code, known) && shared.size === 0) continue;
    const parsed = parseBlock(block, findings);
    if (!parsed) continue;
    const own = noFindings();
    const scopes = readScopes(parsed.visits);
    const script = {
      ...parsed,
      code: block.code,
      scopes,
      instanceScopes: new Map(),
      values,
      findings: own,
    };
    const instances = new Set([...shared, ...importedInstances(parsed.visits, file, known)]);
    const program = parsed.visits.slice(0, 1).map(({ node }) => node);
    for (const each of [...instances]) rememberInstance(script, instances, each, program);
    if (block.code.includes(VENDOR_PACKAGE) || instances.size > 0) rewriteModule(script, instances);
    for (const name of exportedInstances(parsed.visits, instances, file, known)) exports.add(name);
    moveFindings(own, block.offset, findings);
    if (/\.(vue|svelte)$/i.test(file)) for (const each of instances) shared.add(each);
  }
  if (isPage(file)) reviewElements(text, findings);
  const replaced = isPage(file) ? rewriteSnippetElements(text, stub, values, findings) : [];
  rewriteSnippets(text, values, findings, replaced);
  // The diff shows the lines around a change too, which may have a key that the rewritten call does not name.
  if (findings.edits.length > 0)
    for (const form of KEY_FORMS)
      for (const { groups } of text.matchAll(form)) findings.secrets.add(groups?.['key'] ?? '');
  return { findings, exports };
}

/** Whether a script may import a file that exports an instance: cheap, to parse few files only. */
function mayImport(code: string, known: InstanceExports): boolean {
  return [...known.keys()].some((file) => {
    const [name = ''] = /[^/]+(?=\.\w+$)/.exec(file.replace(/\/index(\.\w+)$/, '$1')) ?? [];
    return name !== '' && code.includes(name) && /\bimport\b|\bfrom\b/.test(code);
  });
}

function parseBlock(
  { code, language, offset }: ScriptBlock,
  findings: FileFindings,
): { readonly language: Language; readonly visits: readonly NodeVisit[] } | undefined {
  let failure = '';
  for (const attempt of ATTEMPTS[language]) {
    try {
      return { language: attempt, visits: visitAll(parseCode(code, attempt)) };
    } catch (error) {
      failure ||= error instanceof Error ? error.message : String(error);
    }
  }
  const index = code.indexOf(VENDOR_PACKAGE);
  if (index !== -1)
    findings.byHand.push({
      offset: offset + index,
      text: `This code cannot be parsed, and stays as it is: ${failure}`,
    });
  return undefined;
}

function moveFindings(from: FileFindings, offset: number, to: FileFindings): void {
  to.edits.push(
    ...from.edits.map((edit) => ({ ...edit, start: edit.start + offset, end: edit.end + offset })),
  );
  to.byHand.push(...from.byHand.map((remark) => ({ ...remark, offset: remark.offset + offset })));
  to.next.push(...from.next.map((remark) => ({ ...remark, offset: remark.offset + offset })));
  for (const secret of from.secrets) to.secrets.add(secret);
  to.rewrites += from.rewrites;
}
