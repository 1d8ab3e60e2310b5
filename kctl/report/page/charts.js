// The charts of a report, drawn by ECharts. Charts over run time share zoom and crosshair.
//
// Data path: numbers (report.js) -> options of ECharts -> canvas.
// Units:     run time in seconds in the data, in ms on the axis (a time axis has the better ticks); latency in ms.
'use strict';

const format = (() => {
  const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
  const digits = (value) => Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  const number = (value) => Math.abs(value) >= 1000 ? whole.format(value) : String(Number(value.toFixed(digits(value))));
  const scaled = (value, units, step) => {
    let at = 0;
    while (Math.abs(value) >= step && at < units.length - 1) { value /= step; ++at; }
    return `${number(value)}${units[at]}`;
  };
  return {
    number,
    count: (value) => whole.format(value),
    // 950 µs, 87.2 ms, 1.25 s.
    ms: (value) => value === 0 ? '0' : Math.abs(value) < 1 ? `${number(value * 1000)} µs`
      : Math.abs(value) < 1000 ? `${number(value)} ms` : `${number(value / 1000)} s`,
    percent: (ratio) => ratio > 0 && ratio < 0.0001 ? '< 0.01 %' : `${Number((ratio * 100).toFixed(2))} %`,
    bytes: (value) => scaled(value, [' B', ' kB', ' MB', ' GB', ' TB'], 1000),
    short: (value) => scaled(value, ['', 'k', 'M', 'G'], 1000),
    // 1:05, 1:00:05.
    time: (seconds) => {
      const all = Math.max(0, Math.round(seconds));
      const pad = (part) => String(part).padStart(2, '0');
      const hours = Math.floor(all / 3600);
      const minutes = Math.floor(all / 60) % 60;
      return hours > 0 ? `${hours}:${pad(minutes)}:${pad(all % 60)}` : `${minutes}:${pad(all % 60)}`;
    },
  };
})();

const charts = (() => {
  const GROUP = 'run';
  const printing = matchMedia('print');
  const drawn = [];      // { chart, element, option, timed }
  const listeners = [];  // of zooming
  let hovered = null;    // the chart under the pointer: the others show the crosshair alone
  let shown = [0, Infinity]; // the part of the run's time in all charts, in ms
  let time = { end: 1, marks: [] };

  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  // What is shown at the pointer. Nodes, not markup: names are strangers' texts.
  function tip(title, rows) {
    const box = document.createElement('div');
    box.className = 'tip';
    box.append(Object.assign(document.createElement('b'), { textContent: title }));
    for (const [name, value] of rows) {
      const row = document.createElement('div');
      row.className = 'tip-row';
      row.append(...[name, value].map((text) => Object.assign(document.createElement('span'), { textContent: text })));
      box.append(row);
    }
    return box;
  }

  const tooltip = () => ({
    backgroundColor: color('card'), borderColor: color('line'), textStyle: { color: color('ink'), fontSize: 13 },
    confine: true, transitionDuration: 0,
  });

  const axisLooks = () => ({
    axisLabel: { color: color('soft'), hideOverlap: true }, axisLine: { lineStyle: { color: color('line') } },
    axisTick: { lineStyle: { color: color('line') } }, splitLine: { lineStyle: { color: color('grid') } },
  });

  function valueAxis(text, more = {}) {
    const looks = axisLooks();
    return { type: 'value', splitNumber: 4, ...looks, axisLabel: { ...looks.axisLabel, formatter: text }, ...more };
  }

  // 1, 2, 5, 10, 20 ... between the two, or only 1, 10, 100 ... where these are many. ECharts has the latter alone.
  function logTicks(low, high) {
    const steps = Math.log10(high / low) > 4 ? [1] : [1, 2, 5];
    const ticks = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); ++power) {
      ticks.push(...steps.map((step) => step * 10 ** power).filter((tick) => tick >= low && tick <= high));
    }
    return ticks;
  }

  function logAxis(low, high, more = {}) {
    const axis = valueAxis(format.ms, { type: 'log', min: low, max: high, ...more });
    const customValues = logTicks(low, high);
    return { ...axis, axisLabel: { ...axis.axisLabel, customValues }, axisTick: { ...axis.axisTick, customValues },
      splitLine: { show: false } };
  }

  function timeAxis() {
    const looks = axisLooks();
    return {
      type: 'time', min: 0, max: time.end * 1000, ...looks, splitLine: { show: false },
      axisLabel: { ...looks.axisLabel, formatter: (at) => format.time(at / 1000) },
      axisPointer: { show: true, type: 'line', snap: false, triggerTooltip: true, label: { show: false },
        lineStyle: { color: color('grey'), type: 'solid' } },
    };
  }

  // What all charts over run time have in common; `slider`: with a handle for the part that is shown.
  function timed(more, slider = false) {
    const zoom = [{ type: 'inside', xAxisIndex: 0, zoomOnMouseWheel: 'ctrl', moveOnMouseMove: false, moveOnMouseWheel: false,
      filterMode: 'none' }];
    if (slider) {
      zoom.push({ type: 'slider', xAxisIndex: 0, height: 20, bottom: 6, filterMode: 'none', brushSelect: false,
        showDetail: false, borderColor: color('line'), fillerColor: 'rgba(110, 150, 220, 0.18)',
        dataBackground: { lineStyle: { color: color('grey') }, areaStyle: { color: color('grid') } } });
    }
    return {
      animation: false, useUTC: true, textStyle: { color: color('ink') },
      grid: { left: 62, right: 18, top: 34, bottom: slider ? 58 : 28 },
      legend: { type: 'scroll', top: 0, left: 56, right: 18, itemWidth: 16, itemHeight: 8, icon: 'roundRect',
        textStyle: { color: color('ink') }, pageTextStyle: { color: color('soft') }, inactiveColor: color('line') },
      // Its button is out of sight: dragging over the chart is what zooms.
      toolbox: { itemSize: 0, top: -30, showTitle: false, feature: { dataZoom: { yAxisIndex: 'none', filterMode: 'none',
        brushStyle: { color: 'rgba(110, 150, 220, 0.25)' } } } },
      dataZoom: zoom, xAxis: timeAxis(), ...more,
    };
  }

  const isLoss = (mark) => mark.kind === 'agent-lost';

  // Vertical lines where something happened; texts, as far as they have room, in the chart that has `labels`.
  function markLines(labels) {
    let texts = [];
    if (labels) {
      for (const mark of [...time.marks].sort((a, b) => isLoss(b) - isLoss(a) || a.at - b.at)) {
        if (texts.every((other) => Math.abs(other.at - mark.at) > time.end * 0.12)) texts.push(mark);
      }
    }
    return time.marks.map((mark) => ({
      xAxis: mark.at * 1000,
      lineStyle: { color: color(isLoss(mark) ? 'red' : 'grey'), type: 'dashed', width: isLoss(mark) ? 1.5 : 1 },
      label: { show: texts.includes(mark), align: mark.at > time.end * 0.9 ? 'right' : mark.at < time.end * 0.1 ? 'left' : 'center', formatter: mark.label, position: 'end', distance: 3,
        color: color(isLoss(mark) ? 'red' : 'soft'), fontSize: 11 },
    }));
  }

  // spec: { series: [{ name, at, values, color, area, step, limits, format }], axis, log, labels, slider, legend }.
  function lines(spec) {
    const marks = markLines(spec.labels);
    const values = spec.series.flatMap((each) => each.values.filter((value) => value > 0));
    const highest = values.reduce((most, value) => Math.max(most, value), 0);
    // A limit far above all that was measured would squeeze the lines.
    const limits = spec.series.flatMap((each) => each.limits ?? []).filter((limit) => limit.value <= highest * 4);
    const top = limits.reduce((most, limit) => Math.max(most, limit.value), 0);
    const series = spec.series.map((each, index) => ({
      type: 'line', name: each.name, showSymbol: each.values.length === 1, sampling: each.sampling ?? 'lttb',
      step: each.step ? 'end' : false, data: each.at.map((at, i) => [at * 1000, each.values[i]]),
      lineStyle: { width: 1.8, color: color(each.color) }, itemStyle: { color: color(each.color) },
      areaStyle: each.area ? { color: color(each.color), opacity: 0.14 } : undefined,
      markLine: { silent: true, symbol: 'none', animation: false, data: [
        ...(index === 0 ? marks : []),
        ...(each.limits ?? []).filter((limit) => limits.includes(limit)).map((limit) => ({ yAxis: limit.value,
          lineStyle: { color: color(each.color), type: 'dotted', width: 1.5 },
          label: { formatter: limit.text, position: 'insideStartTop', color: color(each.color), fontSize: 11 } }))] },
    }));
    const upper = top > highest ? top * 1.05 : null;
    const yAxis = spec.log && highest > 0 ? logAxis(values.reduce((least, value) => Math.min(least, value)) * 0.9, Math.max(top, highest) * 1.1)
      : valueAxis(spec.axis, { max: upper, min: spec.min ?? 0 });
    return timed({
      series,
      yAxis,
      tooltip: { ...tooltip(), trigger: 'axis', formatter: (points) => hovered !== spec.key ? '' :
        tip(format.time(points[0].axisValue / 1000), points.filter((point) => point.value[1] != null)
          .map((point) => [point.seriesName, spec.series[point.seriesIndex].format(point.value[1])])) },
      ...(spec.legend === false ? { legend: { show: false } } : {}),
      ...(spec.labels ? { grid: { left: 62, right: 18, top: 48, bottom: spec.slider ? 58 : 28 } } : {}),
    }, spec.slider);
  }

  // A step of the colour scale, 0..1, between three colours.
  function heatColor(share) {
    const stops = ['heat-low', 'heat-middle', 'heat-high'].map(color);
    const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
    const [from, to] = share < 0.5 ? [stops[0], stops[1]] : [stops[1], stops[2]];
    const part = share < 0.5 ? share * 2 : share * 2 - 1;
    return `rgb(${rgb(from).map((value, i) => Math.round(value + (rgb(to)[i] - value) * part)).join(',')})`;
  }

  function rectangle(api, x, y) {
    const [left, top] = api.coord([x[0], y[1]]);
    const [right, bottom] = api.coord([x[1], y[0]]);
    return { x: left, y: top, width: Math.max(right - left, 0.5) + 0.3, height: Math.max(bottom - top, 0.5) };
  }

  // spec: { cells: [from s, to s, bucket, count], edges: [ms] }.
  function heat(spec) {
    const buckets = spec.cells.map((cell) => cell[2]);
    const low = spec.edges[Math.min(...buckets)];
    const high = spec.edges[Math.max(...buckets) + 1];
    const most = Math.log1p(Math.max(...spec.cells.map((cell) => cell[3])));
    const palette = Array.from({ length: 65 }, (_, i) => heatColor(i / 64));
    return timed({
      legend: { show: false },
      yAxis: logAxis(low, high),
      tooltip: { ...tooltip(), trigger: 'item', formatter: ({ value }) => {
        if (hovered !== spec.key || !value) return '';
        const [from, to, bucket, count] = value;
        return tip(`${format.time(from / 1000)} – ${format.time(to / 1000)}`, [
          [`${format.ms(spec.edges[bucket])} – ${format.ms(spec.edges[bucket + 1])}`, `${format.count(count)} requests`]]);
      } },
      series: [{
        type: 'custom', clip: true, encode: { x: [0, 1], y: 2 }, progressive: 0,
        data: spec.cells.map(([from, to, bucket, count]) => [from * 1000, to * 1000, bucket, count]),
        renderItem: (params, api) => {
          const bucket = api.value(2);
          const share = Math.log1p(api.value(3)) / most;
          const shape = rectangle(api, [api.value(0), api.value(1)], [spec.edges[bucket], spec.edges[bucket + 1]]);
          const area = params.coordSys;
          const clipped = echarts.graphic.clipRectByRect(shape, area);
          return clipped && { type: 'rect', shape: clipped, style: { fill: palette[Math.round(share * 64)] } };
        },
        markLine: { silent: true, symbol: 'none', animation: false, data: markLines(false) },
      }],
    });
  }

  // spec: { bars: [from ms, to ms, count], lines: [{ name, ms, color }] }.
  function histogram(spec) {
    const all = spec.bars.reduce((sum, bar) => sum + bar[2], 0);
    let below = 0;
    const bars = spec.bars.map((bar) => [...bar, below += bar[2]]);
    return {
      animation: false, textStyle: { color: color('ink') }, legend: { show: false },
      grid: { left: 62, right: 24, top: 34, bottom: 28 },
      xAxis: logAxis(spec.bars[0][0], spec.bars.at(-1)[1]),
      yAxis: valueAxis(format.short),
      tooltip: { ...tooltip(), trigger: 'item', formatter: ({ value: [from, to, count, sum] }) =>
        tip(`${format.ms(from)} – ${format.ms(to)}`, [['requests', format.count(count)], ['share', format.percent(count / all)],
          ['as fast or faster', format.percent(sum / all)]]) },
      series: [{
        type: 'custom', clip: true, encode: { x: [0, 1], y: 2 }, data: bars,
        renderItem: (params, api) => ({ type: 'rect', style: { fill: color('blue') },
          shape: rectangle(api, [api.value(0), api.value(1)], [0, api.value(2)]) }),
        markLine: { silent: true, symbol: 'none', animation: false, data: spec.lines.map((line, i) => ({ xAxis: line.ms,
          lineStyle: { color: color(line.color), type: 'dashed', width: 1.5 },
          label: { formatter: line.name, position: 'end', color: color(line.color), offset: [0, (i % 2) * -12] } })) },
      }],
    };
  }

  // The others show the same time. ECharts' own connection does not know a slider that the other charts lack. Each of
  // them answers with an event of its own, at its own time: what is shown already ends that.
  function follow({ chart }) {
    const { startValue, endValue } = chart.getOption().dataZoom[0];
    const close = (a, b) => Math.abs(a - b) <= 1 + (endValue - startValue) / 1000;
    if (close(startValue, shown[0]) && close(endValue, shown[1])) return;
    shown = [startValue, endValue];
    for (const other of drawn) {
      if (other.chart === chart || !other.isTimed) continue;
      other.chart.dispatchAction({ type: 'dataZoom', dataZoomIndex: 0, startValue, endValue, escapeConnect: true });
    }
    for (const listener of listeners) listener(startValue > 1 || endValue < time.end * 1000 - 1);
  }

  function listen(entry) {
    const { chart } = entry;
    chart.group = GROUP;
    // Before ECharts' own listener, which asks for the text.
    entry.element.addEventListener('mousemove', () => { hovered = entry.element; }, { capture: true });
    chart.getZr().on('dblclick', reset);
    chart.on('datazoom', () => follow(entry));
    // With a finger, dragging is scrolling.
    if (matchMedia('(pointer: fine)').matches) {
      chart.dispatchAction({ type: 'takeGlobalCursor', key: 'dataZoomSelect', dataZoomSelectActive: true });
    }
  }

  // Draws option() into the element, again whenever colours change. isTimed: its x axis is the run's time.
  function add(element, option, isTimed = true) {
    const chart = echarts.init(element, null, { devicePixelRatio: Math.max(window.devicePixelRatio, 2) });
    const entry = { chart, element, option, isTimed };
    drawn.push(entry);
    chart.on('finished', () => { element.dataset.drawn = 'true'; });
    chart.setOption(option());
    if (isTimed) listen(entry);
    new ResizeObserver(() => printing.matches || chart.resize()).observe(element);
    return () => chart.setOption(option(), { replaceMerge: ['series', 'yAxis'] });
  }

  function reset() {
    const first = drawn.find((entry) => entry.isTimed);
    first?.chart.dispatchAction({ type: 'dataZoom', start: 0, end: 100 });
  }

  function recolor() {
    for (const { chart, option } of drawn) chart.setOption(option());
  }
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', recolor);
  printing.addEventListener('change', recolor);

  return {
    add, heat, histogram, lines, reset,
    // Before the first add(). end: of the run, in s; marks: [{ at, kind, label }].
    setTime: (end, marks) => { time = { end, marks }; },
    onZoom: (listener) => listeners.push(listener),
    connect: () => echarts.connect(GROUP),
  };
})();
