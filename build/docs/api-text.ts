/** Writes one export of an entry as markdown: its signature, its docstring and its members. */
import ts from '@typescript/typescript6';
import { type Exported, isHidden, targetOf, typesIn } from './api-symbols.ts';

/** The names of one entry, and where each stands in its pages. */
export interface Names {
  readonly checker: ts.TypeChecker;
  /** The link to an export of the entry, such as `#analytics`, by its symbol or name. `undefined` for all others. */
  linkTo(symbol: ts.Symbol | string): string | undefined;
  /** Reports a broken `{@link}`, or a type that the entry uses and does not export. */
  complain(problem: string): void;
}

const printer = ts.createPrinter({ removeComments: true });
const print = (node: ts.Node): string =>
  printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile());
const onOneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();
const indented = (text: string): string => text.replaceAll(/^(?=.)/gm, '  ');
const fenced = (code: string): string => `\`\`\`typescript\n${code}\n\`\`\``;
/** A code span of markdown, also for a text with backticks. */
const span = (code: string): string => (code.includes('`') ? `\`\` ${code} \`\`` : `\`${code}\``);

/** The section of one export. */
export function sectionOf(exported: Exported, heading: string, names: Names): string {
  const { name, declaration } = exported;
  const parts = [`## ${heading}`];
  if (exported.kind === 'helpers') parts.push('The entry does not export this type.');
  if (ts.isFunctionDeclaration(declaration))
    parts.push(fenced(`function ${name}${signatureOf(declaration)}`));
  if (ts.isTypeAliasDeclaration(declaration))
    parts.push(fenced(`type ${name}${typeParametersOf(declaration)} = ${print(declaration.type)}`));
  parts.push(docOf(declaration, names), ancestorsOf(declaration, names), membersOf(declaration, names));
  const types = [...typesIn(declaration, names.checker)].filter((symbol) => symbol !== exported.symbol);
  if (types.length > 0) parts.push(`Types: ${types.map((symbol) => linkToType(symbol, names)).join(', ')}`);
  return parts.filter((part) => part !== '').join('\n\n');
}

function linkToType(symbol: ts.Symbol, names: Names): string {
  const link = names.linkTo(symbol);
  if (link === undefined) names.complain(`uses the type ${symbol.name}, which the entry does not export`);
  return `[${symbol.name}](${link ?? ''})`;
}

/** `(client: Client, options?: Options): Store`. Default values are left out: the docstring names them. */
function signatureOf(node: ts.SignatureDeclaration): string {
  const parameters = node.parameters.map((each) => {
    const rest = each.dotDotDotToken ? '...' : '';
    const optional = each.questionToken || each.initializer ? '?' : '';
    const name = ts.isIdentifier(each.name) ? each.name.text : 'options';
    return `${rest}${name}${optional}: ${each.type ? print(each.type) : 'unknown'}`;
  });
  const result = node.type ? `: ${print(node.type)}` : '';
  return `${typeParametersOf(node)}(${parameters.join(', ')})${result}`;
}

function typeParametersOf({ typeParameters }: ts.DeclarationWithTypeParameterChildren): string {
  return typeParameters ? `<${typeParameters.map(print).join(', ')}>` : '';
}

function ancestorsOf(declaration: ts.Declaration, names: Names): string {
  if (!ts.isInterfaceDeclaration(declaration) && !ts.isClassDeclaration(declaration)) return '';
  const types = (declaration.heritageClauses ?? []).flatMap((clause) => clause.types);
  const links = types.map((type) => {
    const symbol = symbolAt(type.expression, names);
    const link = symbol && names.linkTo(symbol);
    return link ? `[${span(print(type))}](${link})` : span(print(type));
  });
  return links.length > 0 ? `Extends ${links.join(' and ')}.` : '';
}

function membersOf(declaration: ts.Declaration, names: Names): string {
  if (!ts.isInterfaceDeclaration(declaration) && !ts.isClassDeclaration(declaration)) return '';
  const members = declaration.members.filter((each) => !isHidden(each));
  return members.map((each) => `- ${memberOf(each, names)}`).join('\n');
}

function memberOf(member: ts.ClassElement | ts.TypeElement, names: Names): string {
  const optional = 'questionToken' in member && member.questionToken ? '?' : '';
  const name = member.name ? print(member.name) : ts.isConstructorDeclaration(member) ? 'constructor' : '';
  const type = ts.isPropertySignature(member) || ts.isPropertyDeclaration(member) ? member.type : undefined;
  const rest = type
    ? `: ${optional ? print(type).replace(/ \| undefined$/, '') : print(type)}`
    : ts.isFunctionLike(member)
      ? signatureOf(member)
      : '';
  const doc = docOf(member, names);
  return `${span(onOneLine(`${name}${optional}${rest}`))}${doc === '' ? '' : `\n\n${indented(doc)}\n`}`;
}

/** The docstring: its text, then parameters, result, errors and default as a list, then examples. */
function docOf(node: ts.Node, names: Names): string {
  const [doc] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc).slice(-1);
  if (!doc) return '';
  const facts: string[] = [];
  const examples: string[] = [];
  for (const tag of doc.tags ?? []) {
    const text = textOf(tag.comment, names).trim();
    if (tag.tagName.text === 'internal') continue;
    if (ts.isJSDocParameterTag(tag)) facts.push(`- ${span(print(tag.name))}: ${text.replace(/^- /, '')}`);
    else if (tag.tagName.text === 'typeParam')
      facts.push(`- Type parameter ${text.replace(/^(\w+)(?: -)?/, '`$1`:')}`);
    else if (tag.tagName.text === 'returns') facts.push(`- Returns: ${text}`);
    else if (tag.tagName.text === 'throws') facts.push(`- Throws: ${text}`);
    else if (tag.tagName.text === 'default') facts.push(`- Default: ${defaultOf(text)}`);
    else if (tag.tagName.text === 'example' && isValue(text)) facts.push(`- Example: ${span(text)}`);
    else if (tag.tagName.text === 'example')
      examples.push(fenced(text.replace(/^```\w*\n([^]*)\n```$/, '$1')));
    else names.complain(`@${tag.tagName.text} is no tag that the pages show`);
  }
  const list = facts.map((fact) => fact.replaceAll(/\n(?=.)/g, '\n  ')).join('\n');
  return [textOf(doc.comment, names).trim(), list, ...examples].filter((part) => part !== '').join('\n\n');
}

/** A default that is a value is shown as code, and one in words as words. */
const defaultOf = (text: string): string =>
  /^(\d[\d_]*|true|false|'\S*'|\[\])$/.test(text) ? span(text) : text;
/** Whether an example is a value, and no statement. */
const isValue = (example: string): boolean => !/\n|;$/.test(example);

function textOf(comment: string | ts.NodeArray<ts.JSDocComment> | undefined, names: Names): string {
  if (comment === undefined || typeof comment === 'string') return comment ?? '';
  return comment
    .map((part) => (part.kind === ts.SyntaxKind.JSDocText ? part.text : linkOf(part, names)))
    .join('');
}

function linkOf(part: Exclude<ts.JSDocComment, ts.JSDocText>, names: Names): string {
  const name = part.name ? print(part.name) : '';
  const symbol = part.name && symbolAt(part.name, names);
  const owner = symbol && names.linkTo(symbol) === undefined ? ownerOf(symbol, names) : symbol;
  // A file need not import what only its comments name.
  const link = names.linkTo(owner ?? name);
  if (link === undefined) names.complain(`{@link ${name}${part.text}} leads to no export of the entry`);
  return `[\`${name}\`](${link ?? ''})`;
}

function symbolAt(node: ts.Node, { checker }: Names): ts.Symbol | undefined {
  const symbol = checker.getSymbolAtLocation(node);
  return symbol && targetOf(checker, symbol);
}

/** The interface or class of a member. */
function ownerOf(symbol: ts.Symbol, { checker }: Names): ts.Symbol | undefined {
  const parent = symbol.valueDeclaration?.parent;
  const name = parent && (ts.isInterfaceDeclaration(parent) || ts.isClassDeclaration(parent)) && parent.name;
  return name ? checker.getSymbolAtLocation(name) : undefined;
}
