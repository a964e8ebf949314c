import type { MarkdownOptions } from 'vitepress';

type MarkdownIt = Parameters<NonNullable<MarkdownOptions['config']>>[0];
type State = Parameters<Parameters<MarkdownIt['core']['ruler']['push']>[1]>[0];
type Token = State['tokens'][number];

const BEGIN = '<!-- tabs -->';
const END = '<!-- /tabs -->';

interface Panel {
  readonly label: string;
  readonly tokens: readonly Token[];
}

/**
 * Shows the alternatives between the comments `<!-- tabs -->` and `<!-- /tabs -->` as tabs. Each alternative begins with a paragraph
 * whose first words are bold: they are the label. GitHub shows the alternatives one below the other.
 */
export function showTabs(markdown: MarkdownIt): void {
  markdown.core.ruler.push('tabs', (state) => {
    const result: Token[] = [];
    for (let at = 0; at < state.tokens.length; at++) {
      const token = state.tokens[at];
      if (!token) break;
      if (!isComment(token, BEGIN)) {
        result.push(token);
        continue;
      }
      const end = state.tokens.findIndex((each, index) => index > at && isComment(each, END));
      if (end < 0) throw new Error(`${BEGIN} has no ${END}`);
      result.push(...groupOf(state, panelsIn(state.tokens.slice(at + 1, end)), at));
      at = end;
    }
    state.tokens = result;
  });
}

const isComment = ({ type, content }: Token, comment: string): boolean =>
  type === 'html_block' && content.trim() === comment;

function panelsIn(tokens: readonly Token[]): readonly Panel[] {
  const panels: { label: string; tokens: Token[] }[] = [];
  for (const [index, token] of tokens.entries()) {
    const label = token.type === 'paragraph_open' && boldStart(tokens[index + 1]);
    if (label) panels.push({ label, tokens: [] });
    const panel = panels.at(-1);
    if (!panel) throw new Error(`${BEGIN} must be followed by a paragraph that begins with bold words`);
    panel.tokens.push(token);
  }
  return panels;
}

/** The bold words at the start of a paragraph. The first child of an inline token may be an empty text. */
function boldStart(inline: Token | undefined): string | undefined {
  const children = (inline?.children ?? []).filter(({ type, content }) => type !== 'text' || content !== '');
  return children[0]?.type === 'strong_open' ? children[1]?.content : undefined;
}

/** The elements and classes of VitePress's code groups, whose script switches the panels. */
function groupOf(state: State, panels: readonly Panel[], at: number): readonly Token[] {
  const tabs = panels.map(({ label }, index) => {
    const id = `tabs-${at}-${index}`;
    const name = state.md.utils.escapeHtml(label);
    const checked = index === 0 ? ' checked' : '';
    return `<input type="radio" name="tabs-${at}" id="${id}"${checked}><label data-title="${name}" for="${id}">${name}</label>`;
  });
  return [
    html(state, `<div class="vp-code-group"><div class="tabs">${tabs.join('')}</div><div class="blocks">`),
    ...panels.flatMap(({ tokens }, index) => [
      html(state, `<div class="vp-block${index === 0 ? ' active' : ''}">`),
      // VitePress hides code blocks of a group that are not active. Here, the panel around them is hidden.
      ...tokens.map((token) => (token.type === 'fence' ? withInfo(token, `${token.info} active`) : token)),
      html(state, '</div>'),
    ]),
    html(state, '</div></div>'),
  ];
}

function html(state: State, content: string): Token {
  const token = new state.Token('html_block', '', 0);
  token.content = `${content}\n`;
  return token;
}

const withInfo = (token: Token, info: string): Token => Object.assign(token, { info });
