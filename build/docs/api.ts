/** The pages of the API: one for each entry of the package, or one for each kind of export where one page would be too long. */
import type ts from '@typescript/typescript6';
import { type Entry, type Kind, readSource } from './api-symbols.ts';
import { sectionOf } from './api-text.ts';
import type { Page } from './page.ts';

const FOLDER = 'docs/reference/api';
const MOST_LINES = 600;
const KINDS: readonly Kind[] = ['functions', 'options', 'classes', 'interfaces', 'types', 'helpers'];
const NOTE =
  '<!-- This page is written by `npm run docs:reference` from the comments of the source. Do not change it here. -->';

/** @throws when a `{@link}` is broken, or an entry uses a type that it does not export */
export function apiPages(): readonly Page[] {
  const { checker, entries } = readSource();
  const problems = new Set<string>();
  const pages = entries.flatMap((entry) => pagesOf(entry, checker, (problem) => problems.add(problem)));
  if (problems.size > 0) throw new Error(`The API has mistakes:\n${[...problems].join('\n')}`);
  return pages;
}

function pagesOf(
  entry: Entry,
  checker: ts.TypeChecker,
  complain: (problem: string) => void,
): readonly Page[] {
  const name = entry.file === 'src/index.ts' ? 'browser' : entry.file.slice('src/'.length, -'.ts'.length);
  const title = name === 'browser' ? 'cio-first-party' : `cio-first-party/${name}`;
  const onePage = `# API of \`${title}\`\n\n${NOTE}\n\n${entry.purpose}\n\n${sections(() => '', KINDS)}\n`;
  if (onePage.split('\n').length <= MOST_LINES) return [{ file: `${FOLDER}/${name}.md`, text: onePage }];

  const kinds = KINDS.filter((kind) => entry.exports.some((each) => each.kind === kind));
  const links = (kind: Kind): string =>
    entry.exports
      .filter((each) => each.kind === kind)
      .map((each) => `[${each.name}](${kind}.md#${each.name.toLowerCase()})`)
      .join(', ');
  const index = kinds.map((kind) => `- ${kind}: ${links(kind)}`).join('\n');
  return [
    {
      file: `${FOLDER}/${name}/index.md`,
      text: `# API of \`${title}\`\n\n${NOTE}\n\n${entry.purpose}\n\n${index}\n`,
    },
    ...kinds.map((kind) => ({
      file: `${FOLDER}/${name}/${kind}.md`,
      text: `# API of \`${title}\`: ${kind}\n\n${NOTE}\n\n${sections((of) => (of === kind ? '' : `${of}.md`), [kind])}\n`,
    })),
  ];

  function sections(pageOf: (kind: Kind) => string, of: readonly Kind[]): string {
    const targets = new Map<ts.Symbol | string, string>();
    const headings = new Map<ts.Symbol, string>();
    const used = new Set<string>();
    for (const kind of KINDS) {
      for (const { name, symbol } of entry.exports.filter((each) => each.kind === kind)) {
        const link = `${pageOf(kind)}#${name.toLowerCase()}`;
        // Anchors have no upper case: the second of `redisStore` and `RedisStore` gets another heading.
        const isSecond = used.has(link);
        used.add(link);
        headings.set(symbol, isSecond ? `${name} (type)` : name);
        const unique = isSecond ? `${link}-type` : link;
        targets.set(symbol, unique).set(name, unique);
      }
    }
    const text = of
      .flatMap((kind) => entry.exports.filter((each) => each.kind === kind))
      .map((each) =>
        sectionOf(each, headings.get(each.symbol) ?? each.name, {
          checker,
          linkTo: (symbol) => targets.get(symbol),
          complain: (problem) => complain(`${entry.file}: ${each.name}: ${problem}`),
        }),
      )
      .join('\n\n');
    // The source uses another name for a few types than the entry.
    const renamed = entry.exports.filter(({ name, symbol }) => name !== symbol.name);
    return renamed.reduce(
      (result, { name, symbol }) => result.replaceAll(new RegExp(`\\b${symbol.name}\\b`, 'g'), name),
      text,
    );
  }
}
