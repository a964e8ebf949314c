/** Reads the exports of an entry of the package, with the TypeScript compiler. */
import ts from '@typescript/typescript6';
import { TYPED_ENTRIES } from '../files.ts';

/** `options`: interfaces whose names end with `Options`. `helpers`: types that exports use, and that the entry does not export. */
export type Kind = 'functions' | 'options' | 'classes' | 'interfaces' | 'types' | 'helpers';

/** A function, class, interface or type of an entry. */
export interface Exported {
  readonly name: string;
  readonly kind: Kind;
  readonly symbol: ts.Symbol;
  readonly declaration: ts.Declaration;
}

/** An entry of the package, such as `src/index.ts`. */
export interface Entry {
  readonly file: string;
  /** The first comment of the file. */
  readonly purpose: string;
  readonly exports: readonly Exported[];
}

/** Types that no entry exports, because an application never has to name them. The pages show them as helpers. */
const HELPERS: ReadonlySet<string> = new Set(
  (
    'Listener TrackAnything TrackThese TrackArguments Callback Id Key SubjectClaim TokenLimits MaybePromise OnLog ParsedBody ' +
    'Fields Content'
  ).split(' '),
);

const ROOT = new URL('../..', import.meta.url).pathname;

const fileOf = (entry: string): string => `${ROOT}src/${entry}.ts`;

/** Reads the source once for all entries. */
export function readSource(): { readonly checker: ts.TypeChecker; readonly entries: readonly Entry[] } {
  const program = ts.createProgram(TYPED_ENTRIES.map(fileOf), {
    allowImportingTsExtensions: true,
    noEmit: true,
    strict: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: ['node'],
  });
  const checker = program.getTypeChecker();
  const entries = TYPED_ENTRIES.map((entry): Entry => {
    const source = program.getSourceFile(fileOf(entry));
    const module = source && checker.getSymbolAtLocation(source);
    if (!module) throw new Error(`${fileOf(entry)} cannot be read`);
    const purpose = /^\/\*\* (.*) \*\/$/m.exec(source.text)?.[1] ?? '';
    const exports = checker.getExportsOfModule(module).map((each) => exportedOf(checker, each));
    return { file: `src/${entry}.ts`, purpose, exports: withHelpers(exports, checker) };
  });
  return { checker, entries };
}

function exportedOf(checker: ts.TypeChecker, exported: ts.Symbol): Exported {
  const symbol = targetOf(checker, exported);
  const [declaration] = symbol.declarations ?? [];
  if (!declaration) throw new Error(`${exported.name} has no declaration`);
  return { name: exported.name, kind: kindOf(declaration, exported.name), symbol, declaration };
}

function withHelpers(exports: readonly Exported[], checker: ts.TypeChecker): readonly Exported[] {
  const all = [...exports];
  // The list grows while it is read: helpers use other helpers.
  for (const { declaration } of all)
    for (const symbol of typesIn(declaration, checker)) {
      const isKnown = all.some((each) => each.symbol === symbol);
      if (!isKnown && HELPERS.has(symbol.name)) all.push({ ...exportedOf(checker, symbol), kind: 'helpers' });
    }
  return all;
}

/** The types of this package that a declaration names, each once. */
export function typesIn(declaration: ts.Declaration, checker: ts.TypeChecker): ReadonlySet<ts.Symbol> {
  const found = new Set<ts.Symbol>();
  const visit = (node: ts.Node): void => {
    if (ts.isBlock(node) || isHidden(node)) return;
    const name = ts.isTypeReferenceNode(node)
      ? node.typeName
      : ts.isExpressionWithTypeArguments(node)
        ? node.expression
        : undefined;
    const symbol = name && checker.getSymbolAtLocation(name);
    const target = symbol && targetOf(checker, symbol);
    if (target && isOurs(target) && !(target.flags & ts.SymbolFlags.TypeParameter)) found.add(target);
    ts.forEachChild(node, visit);
  };
  visit(declaration);
  return found;
}

/** Whether the pages leave a member out: it is internal or private, or a member of the language's own class. */
export const isHidden = (node: ts.Node): boolean =>
  (ts.isClassElement(node) || ts.isTypeElement(node)) &&
  (ts.getJSDocTags(node).some(({ tagName }) => tagName.text === 'internal') ||
    (ts.canHaveModifiers(node) &&
      (ts.getModifiers(node) ?? []).some(
        ({ kind }) => kind === ts.SyntaxKind.PrivateKeyword || kind === ts.SyntaxKind.OverrideKeyword,
      )));

/** Returns the symbol that an import or a re-export leads to. */
export const targetOf = (checker: ts.TypeChecker, symbol: ts.Symbol): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

function kindOf(declaration: ts.Declaration, name: string): Kind {
  if (ts.isFunctionDeclaration(declaration)) return 'functions';
  if (ts.isClassDeclaration(declaration)) return 'classes';
  if (ts.isInterfaceDeclaration(declaration)) return name.endsWith('Options') ? 'options' : 'interfaces';
  if (ts.isTypeAliasDeclaration(declaration)) return 'types';
  throw new Error(
    `An entry exports a ${ts.SyntaxKind[declaration.kind]}: give it a kind in build/docs/api-symbols.ts`,
  );
}

/** Whether a symbol belongs to this package, and not to the language, the browser or a dependency. */
const isOurs = (symbol: ts.Symbol): boolean =>
  symbol.declarations?.some((each) => each.getSourceFile().fileName.startsWith(`${ROOT}src/`)) ?? false;
