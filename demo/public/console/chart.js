/** How many events have waited, over the last three minutes; shaded while something on the way was broken. */
import { svg } from '../dom.js';

const SPAN_MS = 180_000;
const HEIGHT = 180;
const PAD = { top: 14, right: 44, bottom: 24, left: 34 };

const frame = document.getElementById('chart');
/** Times at which the way broke, with when it was whole again. */
const breaks = [];

/** Tells whether something on the way is broken now. */
export function markBroken(isBroken) {
  const open = breaks.at(-1)?.until === undefined ? breaks.at(-1) : undefined;
  if (isBroken && open === undefined) breaks.push({ from: Date.now(), until: undefined });
  if (!isBroken && open !== undefined) open.until = Date.now();
}

/** Draws the history, a list of `[time, pending]`, up to now. */
export function drawChart(history, pending) {
  const now = Date.now();
  const width = Math.max(frame.clientWidth, 280);
  const from = now - SPAN_MS;
  const points = inWindow(history, from, now, pending);
  const highest = Math.max(...points.map(([, value]) => value));
  const top = niceTop(highest);
  const x = (time) => PAD.left + ((Math.max(time, from) - from) / SPAN_MS) * (width - PAD.left - PAD.right);
  const y = (value) => HEIGHT - PAD.bottom - (value / top) * (HEIGHT - PAD.top - PAD.bottom);

  const line = points.map(([time, value], index) =>
    index === 0 ? `M${x(time)} ${y(value)}` : `H${x(time)}V${y(value)}`,
  );
  const path = `${line.join('')}H${x(now)}`;
  const words = `${pending} waiting now, ${highest} at most in the last three minutes`;
  frame.replaceChildren(
    svg(
      'svg',
      { viewBox: `0 0 ${width} ${HEIGHT}`, role: 'img', 'aria-label': words },
      breaks
        .filter(({ until = now }) => until > from)
        .map((each) =>
          svg('rect', {
            class: 'broken',
            x: x(each.from),
            y: PAD.top,
            width: Math.max(x(each.until ?? now) - x(each.from), 1),
            height: HEIGHT - PAD.top - PAD.bottom,
          }),
        ),
      [0, top / 2, top]
        .flatMap((value) => [
          svg('line', { class: 'grid', x1: PAD.left, x2: width - PAD.right, y1: y(value), y2: y(value) }),
          svg(
            'text',
            { class: 'tick', x: PAD.left - 8, y: y(value) + 4, 'text-anchor': 'end' },
            String(value),
          ),
        ])
        .flat(),
      [3, 2, 1, 0].map((minutes) =>
        svg(
          'text',
          {
            class: 'tick',
            x: x(now - minutes * 60_000),
            y: HEIGHT - 6,
            'text-anchor': minutes === 3 ? 'start' : 'middle',
          },
          minutes === 0 ? 'now' : `${minutes} min${width < 480 ? '' : ' ago'}`,
        ),
      ),
      svg('path', { class: 'area', d: `${path}V${y(0)}H${x(points[0][0])}Z` }),
      svg('path', { class: 'line', d: path }),
      svg('circle', { class: 'end', cx: x(now), cy: y(pending), r: 4 }),
      svg('text', { class: 'value', x: x(now) + 10, y: y(pending) + 5 }, String(pending)),
    ),
  );
}

/** The points of the window, with what was true where it begins. */
function inWindow(history, from, now, pending) {
  const before = history.findLast(([time]) => time < from)?.[1] ?? 0;
  return [[from, before], ...history.filter(([time]) => time >= from), [now, pending]];
}

/** An even number from 4 up that leaves some room above the highest. */
function niceTop(highest) {
  if (highest < 4) return 4;
  const step = 10 ** Math.floor(Math.log10(highest * 1.1));
  const found = [1, 2, 4, 6, 8, 10, 20].find((factor) => factor * step >= highest * 1.1);
  return found * step;
}
