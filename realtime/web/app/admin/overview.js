// How the server is: figures of now, and the last minutes as lines.

import { fill, h, say } from '../kit/dom.js';
import { bytes, count, dateTime, number, time } from '../kit/format.js';
import { Part } from '../kit/part.js';
import { failed, loading } from '../kit/states.js';
import { sentence } from '../kit/toast.js';
import { session } from '../session.js';
import { draw, makePlot } from './plot.js';
import { poll } from './poll.js';

const PAUSE_MS = 2000;
const SHOWN_MS = 5 * 60_000;
const LEAST_SHOWN_MS = 60_000;
const GAP_MS = 3 * PAUSE_MS; // longer without a look, and the line has a gap
// They outlive the view, so that one who comes back sees what was.
const samples = [];

const perSecond = (value) => `${new Intl.NumberFormat(undefined, { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value)}/s`;
const ms = (value) => (value === null ? 'none' : `${new Intl.NumberFormat(undefined, { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value)} ms`);

const PLOTS = [
  { title: 'Events', about: 'stored and told, a second', least: 1, show: perSecond, lines: [['events', (stats) => stats.events_per_s]] },
  {
    title: 'Commit', about: 'time of a write to the disk', least: 1, show: ms,
    lines: [['median', (stats) => stats.commit_ms.median], ['worst', (stats) => stats.commit_ms.worst]],
  },
  {
    title: 'Loop lag', about: 'how late the server comes to its work', least: 1, show: ms,
    lines: [['median', (stats) => stats.loop_lag_ms.median], ['worst', (stats) => stats.loop_lag_ms.worst]],
  },
  { title: 'Memory', about: 'in RAM', least: 1e6, show: bytes, lines: [['memory', (stats) => stats.memory_bytes]] },
];

class Overview extends Part {
  #body = h('div.admin-stack', {}, loading());
  #trouble = h('p.form-problem', { role: 'status' });
  #figures = null;
  #plots = [];

  build() {
    fill(this, h('div.admin-page', {}, h('header.page-head', {}, h('h1', {}, 'Overview')), this.#trouble, this.#body));
  }

  start() {
    this.until(poll(() => this.#look(), PAUSE_MS));
  }

  async #look() {
    try {
      const stats = await session.api.stats();
      const last = samples.at(-1);
      if (last && Date.now() - last.atMs > GAP_MS) samples.push({ atMs: last.atMs + 1, stats: null });
      samples.push({ atMs: Date.now(), stats });
      while (samples[0].atMs < Date.now() - SHOWN_MS) samples.shift();
      this.#draw(stats);
      say(this.#trouble, '');
    } catch (error) {
      if (this.#figures !== null) {
        say(this.#trouble, `These are the figures of ${time(new Date(samples.at(-1).atMs).toISOString())}. ${sentence(error)}`);
        return;
      }
      fill(this.#body, failed(error, { title: 'The figures did not come', retry: () => this.#look() }));
    }
  }

  #draw(stats) {
    if (this.#figures === null) this.#make();
    const { log } = stats;
    const told = {
      streams: number(stats.streams),
      online: number(stats.users_online),
      uptime: duration(stats.uptime_s),
      log: count(log.events, 'event'),
      'log-about': log.oldest_at ? `since ${dateTime(log.oldest_at)}` : 'nothing has happened yet',
      position: `number ${number(log.position)}`,
      'position-about': log.pruned_through > 0 ? `those up to ${number(log.pruned_through)} are pruned` : 'nothing is pruned yet',
      version: stats.version,
    };
    for (const [name, text] of Object.entries(told)) say(this.#figures[name], text);
    for (const plot of this.#plots) drawPlot(plot, stats);
  }

  #make() {
    const figure = (name, label) => {
      this.#figures[name] = h('dd');
      this.#figures[`${name}-about`] = h('dd.figure-about');
      return h('div.figure', {}, h('dt', {}, label), this.#figures[name], this.#figures[`${name}-about`]);
    };
    this.#figures = {};
    this.#plots = PLOTS.map(makeCard);
    fill(this.#body,
      h('dl.card.figures', {}, figure('streams', 'Open streams'), figure('online', 'People online'), figure('uptime', 'Running for'),
        figure('log', 'Event log'), figure('position', 'Last event'), figure('version', 'Version')),
      h('div.plots', {}, this.#plots.map(({ card }) => card)));
  }
}

function makeCard(plot) {
  const values = plot.lines.map(([name], place) => ({ name, place, text: h('strong') }));
  const [top, since, element] = [h('span.plot-top.soft.small'), h('span'), makePlot()];
  const isOne = plot.lines.length === 1;
  const card = h('section.card.plot-card', { 'aria-label': plot.title },
    h('header.plot-head', {}, h('h2', {}, plot.title), h('span.soft.small', {}, plot.about)),
    h('p.plot-values', {}, values.map(({ name, place, text }) =>
      h('span.plot-value', {}, isOne ? null : h(`span.plot-key.plot-key-${place}`, {}, name), text))),
    h('div.plot-frame', {}, top, element),
    h('p.plot-foot.soft.small', {}, since, h('span', {}, 'now')));
  return { ...plot, card, values, top, since, element };
}

function drawPlot({ title, show, least, lines, values, top, since, element }, stats) {
  const now = lines.map(([, value]) => value(stats));
  for (const { place, text } of values) say(text, show(now[place]));
  const toMs = Date.now();
  const fromMs = Math.min(toMs - LEAST_SHOWN_MS, samples[0].atMs);
  const drawn = lines.map(([name, value]) => ({ name, points: samples.map((one) => [one.atMs, one.stats ? value(one.stats) : null]) }));
  say(since, `${count(Math.round((toMs - fromMs) / 60_000), 'minute')} ago`);
  const label = `${title}: ${lines.map(([name], place) => `${name} ${show(now[place])}`).join(', ')}`;
  say(top, show(draw(element, { lines: drawn, fromMs, toMs, least, label })));
}

function duration(seconds) {
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60];
  if (days > 0) return `${count(days, 'day')} ${hours} h`;
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${Math.floor(seconds) % 60} s`;
}

customElements.define('admin-overview', Overview);
