/** The members of the instances of Customer.io's SDK, as its own declarations have them. */
import ts from '@typescript/typescript6';
import { ROOT } from './documentation.ts';

export interface VendorMember {
  readonly name: string;
  readonly isMethod: boolean;
}

const PACKAGES = `${ROOT}node_modules/@customerio/`;
const CLASSES = {
  Analytics: `${PACKAGES}cdp-analytics-browser/dist/types/core/analytics/index.d.ts`,
  AnalyticsBuffered: `${PACKAGES}cdp-analytics-browser/dist/types/core/buffer/index.d.ts`,
  AnalyticsBrowser: `${PACKAGES}cdp-analytics-browser/dist/types/browser/index.d.ts`,
  Emitter: `${PACKAGES}cdp-analytics-core/dist/types/emitter/index.d.ts`,
} as const;

/** Reads the instance members that are not private, in the order of their names. */
export function vendorMembers(): readonly VendorMember[] {
  const program = ts.createProgram(Object.values(CLASSES), {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    module: ts.ModuleKind.ESNext,
    target: ts.ScriptTarget.ES2022,
    types: [],
  });
  const checker = program.getTypeChecker();
  const members = new Map<string, boolean>();
  for (const [name, file] of Object.entries(CLASSES)) {
    const source = program.getSourceFile(file);
    const module = source && checker.getSymbolAtLocation(source);
    const found = module && checker.getExportsOfModule(module).find((each) => each.name === name);
    if (!found) throw new Error(`${file} has no class ${name}`);
    for (const member of checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(found))) {
      const [declaration] = member.declarations ?? [];
      if (!declaration || ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Private) continue;
      const type = checker.getNonNullableType(checker.getTypeOfSymbol(member));
      members.set(member.name, type.getCallSignatures().length > 0);
    }
  }
  return [...members]
    .map(([name, isMethod]) => ({ name, isMethod }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}
