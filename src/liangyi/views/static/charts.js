// Builds the charts of a page from the JSON that stands in each .charts element.
'use strict';
{
  const DASHES = [[], [6, 3], [2, 3]];
  const HEIGHT = {large: 190, small: 110};
  const PAPER = {large: 300, small: 190};  // widths where pages are printed
  const page = document.documentElement;
  const charts = [];

  const ink = name => getComputedStyle(page).getPropertyValue(name).trim();
  const child = (parent, tag, name) => {
    const element = parent.appendChild(document.createElement(tag));
    element.className = name;
    return element;
  };

  // Numbers of up to so many digits, from ten thousand on in k, M or G: 5058, 12.35k, 1.3e-5.
  const formats = {};
  for (const digits of [4, 6]) {
    formats[digits] = ['standard', 'compact'].map(notation => new Intl.NumberFormat(
      'en', {notation, maximumSignificantDigits: digits, useGrouping: false}));
  }
  function short(value, digits = 4) {
    const size = Math.abs(value);
    if (value !== 0 && size < 1e-3 || size >= 1e12) {
      return Number(value.toPrecision(3)).toExponential().replace('e+', 'e');
    }
    const [standard, compact] = formats[digits];
    return (size < 9999.5 ? standard : compact).format(value).replace('K', 'k').replace('B', 'G');
  }

  // The value at the pointer, else the newest; a curve that is not logged at a step holds on.
  function reading(values, place) {
    let at = place ?? values.length - 1;
    while (at > 0 && values[at] === undefined) at--;
    const value = values[at];
    return value === undefined ? '-' : value === null ? 'not a number' : short(value);
  }

  // One curve: as it is, and where it is long faintly so, below its smoothed self.
  function drawn(curve, place) {
    const stroke = () => ink(`--colour${curve.colour}`);
    const look = {label: curve.label, colour: curve.colour, stroke, dash: DASHES[curve.dash]};
    const value = (chart, _, series, at) => reading(chart.data[place], at);
    const own = {...look, width: 2, value};
    if (!curve.smooth.length) return [own];
    return [{...look, width: 1, alpha: 0.28, dash: [], class: 'u-faint'},
            {...own, points: {show: false}, faint: place}];
  }

  // Marks and faint lines; of a logarithmic axis at powers of ten alone.
  function axis(log) {
    const even = (_, marks) => marks.map(mark => Number.isInteger(Math.log10(mark)) ? mark : null);
    return {
      stroke: () => ink('--soft'), font: '11px system-ui, sans-serif',
      values: (_, marks) => marks.map(mark => mark === null ? '' : short(mark, 6)),
      grid: {stroke: () => ink('--line'), width: 1, ...log && {filter: even}},
      ticks: {show: false},
    };
  }

  function build(box, panel, size) {
    const figure = child(box, 'figure', 'chart');
    child(figure, 'figcaption', '').textContent = panel.title;
    const legend = child(figure, 'div', 'legend'), plot = child(figure, 'div', 'plot');
    // all panels reach over the same steps
    const tables = [[panel.steps]];
    const last = panel.curves.flatMap(curve => curve.x.slice(-1));
    const series = [{
      label: 'step', value: (_, step) => (step ?? Math.max(...last)).toLocaleString('en'),
    }];
    for (const curve of panel.curves) {
      series.push(...drawn(curve, series.length));
      tables.push(curve.smooth.length ? [curve.x, curve.y, curve.smooth] : [curve.x, curve.y]);
    }
    const options = {
      width: plot.clientWidth, height: HEIGHT[size], series, padding: [8, 20, 0, 0],
      scales: {x: {time: false}, y: {distr: panel.log ? 3 : 1}},
      axes: [
        {...axis(false), space: 60, size: 26, gap: 4},
        {...axis(panel.log), space: 28, size: 50, gap: 6},
      ],
      cursor: {y: false, sync: {key: 'steps'}, points: {size: 6}},
      legend: {
        mount: (_, table) => legend.append(table),
        markers: {
          width: 2, dash: (_, place) => series[place].dash?.length ? 'dashed' : 'solid',
          stroke: (_, place) => `var(--colour${series[place].colour})`,
        },
      },
      hooks: {
        setSeries: [(chart, place, {show}) => {
          const faint = chart.series[place]?.faint;
          if (faint !== undefined && show !== undefined) chart.setSeries(faint, {show});
        }],
      },
    };
    return {chart: new uPlot(options, uPlot.join(tables), plot), plot, size};
  }

  const fit = ({chart, plot, size}) => {
    if (plot.clientWidth) chart.setSize({width: plot.clientWidth, height: HEIGHT[size]});
  };
  const recolour = () => charts.forEach(({chart}) => chart.redraw(false));

  for (const box of document.querySelectorAll('.charts')) {
    const {size, panels} = JSON.parse(box.querySelector('script').textContent);
    charts.push(...panels.map(panel => build(box, panel, size)));
  }
  const watch = new ResizeObserver(entries => {
    for (const {target} of entries) fit(charts.find(({plot}) => plot === target));
  });
  charts.forEach(({plot}) => watch.observe(plot));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', recolour);
  addEventListener('beforeprint', () => {
    page.classList.add('paper');
    charts.forEach(({chart, size}) => chart.setSize({width: PAPER[size], height: HEIGHT[size]}));
    recolour();
  });
  addEventListener('afterprint', () => {
    page.classList.remove('paper');
    charts.forEach(fit);
    recolour();
  });
}
