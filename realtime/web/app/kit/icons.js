// The icons: lines on a grid of 24, drawn with the text's colour. All of them are decoration; the words are elsewhere.

const NS = 'http://www.w3.org/2000/svg';

const PATHS = {
  chat: 'M4 5.5h16v11H10.5L6 20v-3.5H4z',
  chat_new: 'M12.5 5.5H4v11h2V20l4.5-3.5H20v-5M18 3v6M15 6h6',
  notice: 'M4 9.5v5h3.5L16 19V5L7.5 9.5zM19 9.5a4 4 0 0 1 0 5M8 14.5v4.5h2.5v-3.2',
  event: 'M4 6h16v14H4zM4 10.5h16M8.5 3.5v4M15.5 3.5v4M8.5 14.5h3',
  bell: 'M6 10.5a6 6 0 0 1 12 0c0 4.5 2 6 2 6H4s2-1.5 2-6zM10 19.5a2.2 2.2 0 0 0 4 0',
  compose: 'M4 20h4L19 9l-4-4L4 16zM13 7l4 4',
  gauge: 'M4 17a8 8 0 1 1 16 0M12 17l4-5.5M4 20h16',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 4.5v5M9 14.5v5',
  people: 'M9 11.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM3 19.5c0-3.5 2.7-5 6-5s6 1.5 6 5M16 5.5a3 3 0 0 1 0 5.7M17.5 14.8c2.2.5 3.5 2 3.5 4.7',
  person: 'M12 11.5a3.8 3.8 0 1 0 0-7.6 3.8 3.8 0 0 0 0 7.6zM4.5 20.5c0-4 3.3-6 7.5-6s7.5 2 7.5 6',
  sign_out: 'M14 4.5H5v15h9M10 12h10.5M16.5 8l4 4-4 4',
  search: 'M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L20.5 20.5',
  back: 'M19.5 12H5M11 5.5L4.5 12l6.5 6.5',
  close: 'M6 6l12 12M18 6L6 18',
  send: 'M4 12L20.5 4 14 20.5l-3-6.5zM11 14l9.5-10',
  attach: 'M19.5 11.5l-7.7 7.3a4.7 4.7 0 0 1-6.6-6.7l8.3-7.8a3.2 3.2 0 0 1 4.5 4.6l-8 7.5a1.6 1.6 0 0 1-2.3-2.3l7-6.6',
  file: 'M6 3.5h8l4.5 4.5v12.5H6zM14 3.5V8h4.5',
  image: 'M4 5h16v14H4zM4 16l4.5-4.5 4 4 3-3L20 17M15.5 9.5h.01',
  video: 'M4 6h11v12H4zM15 10.5l5.5-3v9l-5.5-3',
  download: 'M12 4v11M7.5 11l4.5 4.5 4.5-4.5M4.5 20h15',
  more: 'M6 12h.01M12 12h.01M18 12h.01',
  edit: 'M4 20h4L19 9l-4-4L4 16zM13 7l4 4',
  trash: 'M4.5 6.5h15M9 6.5V4h6v2.5M6.5 6.5l1 13.5h9l1-13.5M10.5 10.5v6M13.5 10.5v6',
  copy: 'M8.5 8.5h11v11h-11zM5.5 15.5h-1v-11h11v1',
  check: 'M4.5 12.5l5 5L19.5 7',
  clock: 'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM12 7.5V12l3 2',
  tick: 'M5.5 12.5l4.2 4.2L18.5 7.5',
  ticks: 'M2 12.5l4.2 4.2L15 7.5M10.5 15.3l1.7 1.4L21.5 7.5',
  warning: 'M12 4L2.5 20h19zM12 10v4.5M12 17.2h.01',
  info: 'M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM12 11v5M12 7.8h.01',
  retry: 'M19.5 12a7.5 7.5 0 1 1-2.3-5.4M19.5 3.5v4h-4',
  down: 'M12 4.5V19M5.5 12.5L12 19l6.5-6.5',
  chevron: 'M9 5.5l6.5 6.5L9 18.5',
  lock: 'M5.5 10.5h13v10h-13zM8.5 10.5V7.5a3.5 3.5 0 0 1 7 0v3',
  device: 'M4 5h16v11H4zM9 20h6M12 16v4',
  place: 'M12 21s6.5-6 6.5-11a6.5 6.5 0 0 0-13 0c0 5 6.5 11 6.5 11zM12 12.3a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.6z',
  eye: 'M2.5 12s3.5-6.5 9.5-6.5 9.5 6.5 9.5 6.5-3.5 6.5-9.5 6.5S2.5 12 2.5 12zM12 14.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6z',
  plus: 'M12 5v14M5 12h14',
  filter: 'M4 6h16M7 12h10M10 18h4',
};

/** An icon of that name, hidden from assistive technology. Raises TypeError for a name that is none. */
export function icon(name) {
  if (!(name in PATHS)) throw new TypeError(`no icon ${name}`);
  const svg = document.createElementNS(NS, 'svg');
  const attributes = { viewBox: '0 0 24 24', class: `icon icon-${name}`, 'aria-hidden': 'true', focusable: 'false' };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, value);
  const path = document.createElementNS(NS, 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}

/** Whether there is one. */
export function isIcon(name) {
  return name in PATHS;
}
