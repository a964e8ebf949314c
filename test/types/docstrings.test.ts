// @vitest-environment node
/**
 * Everything that the entries of the package export has a docstring: functions, options, fields and events.
 */
import ts from '@typescript/typescript6';
import { describe, expect, test } from 'vitest';
import { TYPED_ENTRIES } from '../../build/files.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const entries = TYPED_ENTRIES.map((name) => `${ROOT}src/${name}.ts`);
const program = ts.createProgram(entries, {
  allowImportingTsExtensions: true,
  noEmit: true,
  strict: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  types: ['node'],
});
const checker = program.getTypeChecker();

const isDocumented = (symbol: ts.Symbol): boolean =>
  symbol.getDocumentationComment(checker).length > 0 || symbol.getJsDocTags(checker).length > 0;

/** The exports of an entry and their fields, such as `AnalyticsOptions.proxyUrl`. */
function* namesOf(entry: string): Generator<readonly [name: string, symbol: ts.Symbol]> {
  const source = program.getSourceFile(entry);
  const module = source && checker.getSymbolAtLocation(source);
  if (!module) throw new Error(`${entry} cannot be read`);
  for (const exported of checker.getExportsOfModule(module)) {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    yield [exported.name, symbol];
    for (const declaration of symbol.declarations ?? [])
      if (ts.isInterfaceDeclaration(declaration))
        for (const { name } of declaration.members)
          if (name) {
            const member = checker.getSymbolAtLocation(name);
            if (member) yield [`${exported.name}.${member.name}`, member];
          }
  }
}

describe.each(TYPED_ENTRIES)('%s', (name) => {
  const names = [...namesOf(`${ROOT}src/${name}.ts`)];

  test('every export and every field of it is documented', () => {
    expect(names.length).toBeGreaterThan(5);
    expect(names.filter(([, symbol]) => !isDocumented(symbol)).map(([each]) => each)).toEqual([]);
  });

  test('every function that an application calls has an example', () => {
    const functions = names.filter(
      ([each, symbol]) => !each.includes('.') && symbol.flags & ts.SymbolFlags.Function,
    );
    const without = functions.filter(
      ([, symbol]) => !symbol.getJsDocTags(checker).some(({ name: tag }) => tag === 'example'),
    );
    expect(without.map(([each]) => each)).toEqual([]);
  });
});
