/** A chart of horizontal bars as an SVG that stands by itself, on light pages and on dark ones. */

export interface Bar {
  readonly label: string;
  readonly value: number;
  /** The value as people read it, unit included. */
  readonly text: string;
  /** The one that the chart is about. */
  readonly isOurs: boolean;
}

export interface BarChart {
  readonly title: string;
  readonly subtitle: string;
  readonly bars: readonly Bar[];
  /** `log`: each step of the grid is ten times the one before; the bars then begin at the power of ten below the smallest. */
  readonly scale: 'linear' | 'log';
  /** What stands at a line of the grid; only for `log`. */
  readonly tick?: (value: number) => string;
}

const WIDTH = 760;
const MARGIN = 24;
const LABELS_WIDTH = 176;
/** For the numbers behind the longest bar. */
const NUMBERS_WIDTH = 150;
const BAR_HEIGHT = 22;
const BAR_STEP = 36;
const BARS_TOP = 84;
const TICKS_HEIGHT = 22;
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

const X0 = MARGIN + LABELS_WIDTH;
const X1 = WIDTH - MARGIN - NUMBERS_WIDTH;

// GitHub shows a picture's own background, so a page that is dark while the visitor's system is light is readable, too.
const STYLE = `
  text { font-family: ${FONT}; font-size: 14px; fill: #1f2328 }
  .card { fill: #fff; stroke: #d1d9e0 }
  .title { font-size: 17px; font-weight: 650 }
  .muted { fill: #59636e }
  .small { font-size: 13px }
  .tick { font-size: 12px; text-anchor: middle }
  .label { text-anchor: end }
  .ours { font-weight: 650 }
  .grid { stroke: #e4e8ec }
  .number { paint-order: stroke; stroke: #fff; stroke-width: 6px }
  .bar { fill: #b6bec8 }
  .bar.ours { fill: #0969da }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .card { fill: #0d1117; stroke: #3d444d }
    .muted { fill: #9198a1 }
    .grid { stroke: #252b33 }
    .number { stroke: #0d1117 }
    .bar { fill: #4c5561 }
    .bar.ours { fill: #4493f8 }
  }`;

export function barChart(chart: BarChart): string {
  const { title, subtitle, bars } = chart;
  const { place, ticks } = scaleOf(chart);
  const barsBottom = BARS_TOP + bars.length * BAR_STEP - (BAR_STEP - BAR_HEIGHT);
  const height = barsBottom + (ticks.length ? TICKS_HEIGHT : 0) + MARGIN;
  const ours = bars.find(({ isOurs }) => isOurs);
  const description = bars.map(({ label, text }) => `${label}: ${text}`).join('; ');
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title description">
<title id="title">${escaped(title)}</title>
<desc id="description">${escaped(description)}</desc>
<style>${STYLE}
</style>
<rect class="card" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="10"/>
<text class="title" x="${MARGIN}" y="38">${escaped(title)}</text>
<text class="muted small" x="${MARGIN}" y="60">${escaped(subtitle)}</text>
${ticks.map((value) => tickSvg(place(value), barsBottom, chart.tick?.(value) ?? '')).join('\n')}
${bars.map((bar, index) => barSvg(bar, BARS_TOP + index * BAR_STEP, place(bar.value), ours)).join('\n')}
</svg>
`;
}

function scaleOf({ bars, scale }: BarChart): {
  readonly place: (value: number) => number;
  readonly ticks: readonly number[];
} {
  const values = bars.map(({ value }) => value);
  const most = Math.max(...values);
  if (scale === 'linear') return { place: (value) => X0 + (value / most) * (X1 - X0), ticks: [] };
  // The shortest bar must not vanish.
  const from = Math.floor(Math.log10(Math.min(...values) / 2));
  const to = Math.log10(most);
  const ticks = Array.from({ length: Math.floor(to) - from + 1 }, (_, index) => 10 ** (from + index));
  return { place: (value) => X0 + ((Math.log10(value) - from) / (to - from)) * (X1 - X0), ticks };
}

const tickSvg = (x: number, bottom: number, text: string): string =>
  `<line class="grid" x1="${short(x)}" y1="${BARS_TOP - 8}" x2="${short(x)}" y2="${bottom + 8}"/>
<text class="tick muted" x="${short(x)}" y="${bottom + TICKS_HEIGHT + 2}">${escaped(text)}</text>`;

function barSvg(
  { label, value, text, isOurs }: Bar,
  top: number,
  end: number,
  ours: Bar | undefined,
): string {
  const middle = top + BAR_HEIGHT / 2 + 5;
  const mark = isOurs ? ' ours' : '';
  const factor =
    isOurs || !ours ? '' : ` <tspan class="muted small" dx="6">${timesText(value / ours.value)} ours</tspan>`;
  return `<text class="label${mark}" x="${X0 - 12}" y="${middle}">${escaped(label)}</text>
<rect class="bar${mark}" x="${X0}" y="${top}" width="${short(Math.max(2, end - X0))}" height="${BAR_HEIGHT}" rx="3"/>
<text class="number${mark}" x="${short(Math.max(X0 + 2, end) + 10)}" y="${middle}">${escaped(text)}${factor}</text>`;
}

/** `3.4 ×` or `34 ×`. */
export const timesText = (factor: number): string => `${factor.toFixed(factor < 10 ? 1 : 0)}\u00A0×`;

const short = (value: number): number => Math.round(value * 10) / 10;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (each) => ENTITIES[each] ?? each);
