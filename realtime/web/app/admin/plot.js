// A plot of the last minutes: one or two lines over time, drawn as SVG. It knows no figures by name.

const NS = 'http://www.w3.org/2000/svg';
const WIDTH = 300;
const HEIGHT = 72;

/** An empty plot, for draw(). */
export function makePlot() {
  const element = svg('svg', { class: 'plot', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img' });
  return element;
}

/**
 * Draw `lines` ([{name, points: [[atMs, value or null]]}]) from `fromMs` to `toMs`; answers the top of its scale.
 * `least` is the smallest top, so that noise does not fill the plot; `label` is what it shows, in words.
 */
export function draw(element, { lines, fromMs, toMs, least, label }) {
  const values = lines.flatMap((line) => line.points.map(([, value]) => value ?? 0));
  const top = niceTop(Math.max(least, ...values));
  const x = (atMs) => ((atMs - fromMs) / (toMs - fromMs)) * WIDTH;
  const y = (value) => HEIGHT - 2 - (value / top) * (HEIGHT - 6);
  const drawn = [rule(y(top)), rule(y(top / 2)), rule(y(0))];
  for (const [place, line] of lines.entries()) {
    for (const run of runs(line.points)) {
      const path = run.map(([atMs, value]) => `${x(atMs).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
      const [first, last] = [x(run[0][0]).toFixed(1), x(run.at(-1)[0]).toFixed(1)];
      if (place === 0) drawn.push(svg('polygon', { class: 'plot-area', points: `${first},${y(0)} ${path} ${last},${y(0)}` }));
      drawn.push(svg('polyline', { class: `plot-line plot-line-${place}`, points: path }));
    }
  }
  element.replaceChildren(...drawn);
  element.setAttribute('aria-label', label);
  return top;
}

/** The points without those that are null, as runs without a gap. */
function runs(points) {
  const found = [[]];
  for (const point of points) {
    if (point[1] === null) found.push([]);
    else found.at(-1).push(point);
  }
  return found.filter((run) => run.length > 1);
}

/** The next of 1, 2 or 5 times a power of ten, with room for its name above the line. */
function niceTop(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10, 20].map((step) => step * power).find((top) => top >= value * 1.2);
}

function rule(y) {
  return svg('line', { class: 'plot-rule', x1: 0, x2: WIDTH, y1: y, y2: y });
}

function svg(name, attributes) {
  const element = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}
