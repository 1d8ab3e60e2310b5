// The page of a report: tables and texts from the data that kctl has put in, charts by charts.js.
//
// Data path: <script id="data"> (kctl/report/report_data.cc) -> this -> the document.
// Safety:    every text of the data becomes a text node; no markup is made of strings.
'use strict';

(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const main = document.getElementById('main');

  // Children: nodes, texts, or nothing. append() by itself would write what is false or null as a word.
  function fill(element, ...children) {
    element.append(...children.flat(2).filter((child) => child === 0 || child));
    return element;
  }

  // An element with attributes, its class, and children as of fill().
  function make(name, attributes = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value === undefined || value === false) continue;
      element.setAttribute(key, value === true ? '' : value);
    }
    return fill(element, ...children);
  }
  const plural = (count, word) => `${format.count(count)} ${word}${count === 1 ? '' : 's'}`;
  const badge = (text, mood, large) => make('span', { class: `badge ${mood}${large ? ' large' : ''}` }, text);

  function section(title, hint, ...children) {
    const id = title.toLowerCase().replace(/[^a-z]+/g, '-');
    const element = make('section', { 'aria-labelledby': id },
      make('div', { class: 'head' }, make('h2', { id }, title), hint), ...children);
    main.append(element);
    return element;
  }

  // columns: { title, cell: (row) => node or text, value: (row) => what it is sorted by, number, head, wide }.
  function table(caption, columns, rows, sortable) {
    const body = make('tbody');
    const heads = columns.map((column) => make('th', { scope: 'col', class: column.number && 'number' }, column.title));
    const fill = (sorted) => body.replaceChildren(...sorted.map((row) => make('tr', {}, columns.map((column) =>
      make(column.head ? 'th' : 'td', { scope: column.head && 'row',
        class: column.number ? 'number' : column.wide ? 'wide' : undefined }, column.cell(row))))));
    const sort = (at, descending) => {
      const { value } = columns[at];
      const order = (a, b) => a === b ? 0 : a === null ? 1 : b === null ? -1 : (a < b ? -1 : 1) * (descending ? -1 : 1);
      heads.forEach((head, i) => i === at ? head.setAttribute('aria-sort', descending ? 'descending' : 'ascending')
        : head.removeAttribute('aria-sort'));
      fill([...rows].sort((a, b) => order(value(a), value(b))));
    };
    if (sortable) {
      columns.forEach((column, at) => {
        if (!column.value) return;
        const button = make('button', { type: 'button' }, column.title);
        button.addEventListener('click', () => {
          const now = heads[at].getAttribute('aria-sort');
          sort(at, now ? now === 'ascending' : Boolean(column.number));
        });
        heads[at].replaceChildren(button);
      });
    }
    fill(rows);
    return make('div', { class: 'card scroll', tabindex: '0', role: 'region', 'aria-label': caption },
      make('table', {}, make('caption', {}, caption), make('thead', {}, make('tr', {}, heads)), body));
  }

  const word = (title, key, more = {}) => ({ title, cell: (row) => row[key], value: (row) => row[key], ...more });
  const figure = (title, key, text, more = {}) => ({ title, number: true, value: (row) => row[key],
    cell: (row) => row[key] === null ? '–' : text(row[key]), ...more });

  function head() {
    const { run } = data;
    const facts = [`Run ${run.id}`, run.started.replace('T', ' ').replace('Z', ' UTC'), `took ${run.duration}`,
      plural(run.agents, 'agent'), run.exitCode === null ? `state ${run.state}` : `exit code ${run.exitCode}`];
    const badges = [badge(run.verdict.text, run.verdict.mood, true)];
    if (run.soundness) badges.push(badge(run.soundness.text, run.soundness.mood, true));
    const missed = data.targets.filter((row) => row.mood === 'bad').length;
    if (data.targets.length > 0) {
      badges.push(badge(missed === 0 ? 'no target missed' : `${missed} of ${data.targets.length} targets missed`,
        missed === 0 ? 'good' : 'bad', true));
    }
    const reasons = [...(run.soundness?.reasons ?? []).map((each) => each.reason), ...data.warnings];
    fill(document.getElementById('head'),
      make('h1', {}, run.script), make('ul', { class: 'facts' }, facts.map((fact) => make('li', {}, fact))),
      make('p', { class: 'badges' }, badges), run.message && make('p', {}, run.message),
      reasons.length > 0 && make('p', { class: 'soft' }, run.soundness ? `The result is ${run.soundness.text}:` : 'Worth knowing:'),
      reasons.length > 0 && make('ul', { class: 'reasons' }, reasons.map((each) => make('li', {}, each))),
      make('dl', { class: 'figures' }, data.figures.map((each) => make('div', {}, make('dt', {}, each.label),
        make('dd', {}, each.value), each.detail && make('dd', { class: 'detail' }, each.detail)))));
  }

  function findings() {
    if (data.findings.length === 0) return;
    const mood = { problem: 'bad', warning: 'unsure', info: '' };
    section('Findings', make('span', { class: 'hint' }, 'what the figures point at, the worst first'),
      make('div', { class: 'findings' }, data.findings.map((each) => make('article', { class: `card finding ${each.severity}` },
        make('div', { class: 'head' }, make('h3', {}, each.title), badge(each.severity, mood[each.severity])),
        make('p', {}, each.evidence), each.next && make('p', { class: 'soft' }, make('b', {}, 'Next: '), each.next)))));
  }

  function verdicts() {
    if (data.thresholds.length > 0) {
      section('Thresholds', null, table('The script’s thresholds on the data of all agents', [
        { title: 'Verdict', cell: (row) => badge(row.ok ? 'holds' : 'failed', row.ok ? 'good' : 'bad') },
        word('Metric', 'metric', { head: true }), word('Threshold', 'expression'),
        word('Observed', 'observed', { number: true })], data.thresholds));
    }
    if (data.targets.length > 0) {
      section('Targets', null, table('The service’s targets', [
        { title: 'Verdict', cell: (row) => badge(row.verdict, row.mood) }, word('About', 'group'),
        word('Target', 'name', { head: true }), word('Measured', 'measured', { number: true }),
        word('Wanted', 'target', { number: true }), word('Critical', 'critical', { number: true }),
        word('Detail', 'detail', { wide: true })], data.targets));
    }
  }

  function chart(into, title, option, { size = '', label, timed = true, control } = {}) {
    const element = make('div', { class: `chart ${size}`, role: 'img', 'aria-label': `${title}. ${label}` });
    into.append(make('figure', { class: 'card' }, make('div', { class: 'head' }, make('h3', {}, title), control), element));
    return charts.add(element, () => option(element), timed);
  }

  const range = (values) => {
    const known = values.filter((value) => value !== null);
    return known.length === 0 ? [0, 0] : known.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)],
      [known[0], known[0]]);
  };
  const between = (values, text) => range(values).map(text).join(' to ');

  function latency(into) {
    const { points } = data;
    const colors = { p50: 'blue', p95: 'violet', p99: 'orange' };
    const box = make('input', { type: 'checkbox' });
    const update = chart(into, 'Latency', (key) => charts.lines({ key, axis: format.ms, log: box.checked, labels: true,
      slider: true, series: Object.keys(colors).map((name) => ({ name, at: points.at, values: points[name], color: colors[name],
        format: format.ms, limits: data.limits.filter((limit) => limit.quantile === name)
          .map((limit) => ({ value: limit.ms, text: limit.expression })) })) }), {
      size: 'high', label: `Percentiles of http_req_duration; p95 from ${between(points.p95, format.ms)}`,
      control: make('label', {}, box, ' logarithmic') });
    box.addEventListener('change', update);
  }

  function overTime() {
    const { points } = data;
    const reset = make('button', { type: 'button', class: 'plain', disabled: true }, 'Show all');
    const how = matchMedia('(pointer: fine)').matches ? 'Drag over a chart to zoom, double-click to go back.'
      : 'Move the handles below the first chart to zoom.';
    const into = section('Over time', make('span', { class: 'hint' }, how, ' ', reset));
    charts.onZoom((zoomed) => { reset.disabled = !zoomed; });
    reset.addEventListener('click', charts.reset);
    latency(into);
    const perSecond = (value) => `${format.number(value)}/s`;
    const line = (name, values, color, more = {}) => ({ name, at: points.at, values, color, format: perSecond, ...more });
    const pair = make('div', { class: 'pair' });
    into.append(pair);
    const [, fastest] = range(points.requests);
    chart(pair, 'Requests and iterations per second', (key) => charts.lines({ key, axis: format.short, series: [
      line('requests', points.requests, 'blue', { area: true }), line('iterations', points.iterations, 'teal')] }),
    { label: `At most ${format.number(fastest)} requests per second` });
    chart(pair, 'Virtual users', (key) => charts.lines({ key, axis: format.short, legend: false, series: [
      line('VUs', points.vus, 'teal', { area: true, step: true, format: format.count })] }),
    { label: `At most ${format.count(range(points.vus)[1])}` });
    const errors = [line('failed requests', points.failed, 'red', { area: true, sampling: 'max' })];
    if (points.dropped.some((value) => value > 0)) {
      errors.push(line('dropped iterations', points.dropped, 'orange', { sampling: 'max' }));
    }
    chart(pair, 'Failed per second', (key) => charts.lines({ key, axis: format.short, series: errors, legend: errors.length > 1 }),
      { label: `At most ${format.number(range(points.failed)[1])} requests per second` });
    const bytes = (value) => `${format.bytes(value)}/s`;
    chart(pair, 'Data per second', (key) => charts.lines({ key, axis: format.bytes, series: [
      line('received', points.received, 'blue', { format: bytes }), line('sent', points.sent, 'violet', { format: bytes })] }),
    { label: `At most ${bytes(range(points.received)[1])} received` });
    if (data.heat.cells.length > 0) {
      chart(into, 'All requests by latency', (key) => charts.heat({ key, ...data.heat }),
        { size: 'high', label: 'Heat map of http_req_duration over run time: the darker, the more requests',
          control: make('span', { class: 'hint' }, 'how long they took; the stronger the colour, the more of them') });
    }
  }

  function watched() {
    if (data.watched.length === 0) return;
    const into = section('The target’s own metrics', make('span', { class: 'hint' }, 'read while the load went on; same time as above'));
    const pair = make('div', { class: 'pair' });
    into.append(pair);
    for (const series of data.watched) {
      const note = series.problem && make('span', { class: 'hint unsure' }, series.problem);
      if (series.at.length === 0) {
        pair.append(make('figure', { class: 'card' }, make('div', { class: 'head' }, make('h3', {}, series.name), note),
          make('p', { class: 'soft' }, 'No values.')));
        continue;
      }
      chart(pair, series.name, (key) => charts.lines({ key, axis: format.short, legend: false,
        min: Math.min(0, range(series.value)[0]), series: [{ name: series.name, at: series.at, values: series.value,
          color: 'teal', format: format.number }] }),
      { size: 'low', label: `${series.expression}, from ${between(series.value, format.number)}`,
        control: note || make('span', { class: 'hint' }, series.expression) });
    }
  }

  function distribution() {
    if (!data.histogram) return;
    const { bars, quantiles } = data.histogram;
    const colors = { p50: 'blue', p95: 'violet', p99: 'orange' };
    const into = section('Distribution');
    chart(into, 'Requests by latency, whole run', () => charts.histogram({ bars, lines: Object.entries(quantiles)
      .map(([name, ms]) => ({ name: `${name} ${format.ms(ms)}`, ms, color: colors[name] })) }),
    { timed: false, label: Object.entries(quantiles).map(([name, ms]) => `${name} ${format.ms(ms)}`).join(', ') });
  }

  // k6's numbers; those of a status (14xx, 15xx) say nothing that the status does not.
  const ERRORS = { 1000: 'failed', 1010: 'network', 1020: 'invalid URL', 1050: 'timed out', 1100: 'DNS', 1101: 'no such host',
    1110: 'address not allowed', 1111: 'host not allowed', 1200: 'TCP', 1210: 'no connection', 1211: 'connection timed out',
    1212: 'connection refused', 1220: 'connection reset', 1300: 'TLS', 1310: 'certificate', 1311: 'unknown authority' };

  function chips(row) {
    const all = Object.entries(row.statuses).map(([status, count]) =>
      make('span', { class: `chip ${status >= 400 || status === '0' ? 'bad' : ''}` },
        `${status === '0' ? 'no answer' : status}: ${format.count(count)}`));
    for (const [code, count] of Object.entries(row.errorCodes)) {
      if (code >= 1400 && code < 1600) continue;
      all.push(make('span', { class: 'chip bad' }, `${ERRORS[code] ?? 'error'} (${code}): ${format.count(count)}`));
    }
    return make('div', { class: 'chips' }, all);
  }

  // A line may end after each of these.
  const breakable = (text) => text.split(/(?<=[/?&=])/).flatMap((part) => [part, make('wbr')]);

  function endpoints() {
    if (data.endpoints.length === 0) return;
    const percentiles = ['p50', 'p90', 'p95', 'p99', 'max'].map((key) => figure(key, key, format.ms));
    const failed = (row) => row.requests === 0 ? null : row.failed / row.requests;
    section('Endpoints', make('span', { class: 'hint' }, 'click a heading to sort'), table('Requests by method and name', [
      { title: 'Endpoint', head: true, value: (row) => row.name, cell: (row) => [
        row.method && make('span', { class: 'method' }, row.method), breakable(row.name)] },
      figure('Requests', 'requests', format.count), figure('Per second', 'rate', format.number), ...percentiles,
      { title: 'Failed', number: true, value: failed, cell: (row) => failed(row) === null ? '–'
        : make('span', { class: row.failed > 0 ? 'bad' : undefined }, format.percent(failed(row))) },
      { title: 'Statuses and errors', cell: chips }], data.endpoints, true));
  }

  function checks() {
    if (data.checks.length === 0) return;
    const share = (row) => row.passes / Math.max(row.passes + row.fails, 1);
    section('Checks', null, table('The script’s checks', [
      { title: 'Verdict', cell: (row) => badge(row.fails === 0 ? 'passed' : 'failed', row.fails === 0 ? 'good' : 'bad') },
      word('Check', 'name', { head: true }), figure('Passed', 'passes', format.count), figure('Failed', 'fails', format.count),
      { title: 'Share', number: true, value: share, cell: (row) => format.percent(share(row)) }], data.checks, true));
  }

  function agents() {
    if (data.agents.length === 0) return;
    const state = (row) => row.lost === null ? badge(row.joined ? `joined at ${row.joined}` : 'fine', 'good')
      : [badge(`lost at ${row.lost}`, 'bad'), ` ${row.why}`, row.until && `; its part went on elsewhere at ${row.until}`];
    section('Agents', make('span', { class: 'hint' }, 'whether the load itself was sound'), table('Load generators', [
      word('Agent', 'name', { head: true }), figure('Requests', 'requests', format.count),
      figure('Iterations', 'iterations', format.count),
      { title: 'CPU at most', number: true, value: (row) => row.cpu, cell: (row) => row.cores > 0
        ? `${format.number(row.cpu)} of ${format.number(row.cores)}` : format.number(row.cpu) },
      figure('Loop lag at most', 'lag', format.ms), figure('Begun late', 'late', format.count),
      figure('Dropped', 'dropped', format.count), figure('Own errors', 'errors', format.count),
      { title: 'State', cell: state, wide: true }], data.agents));
  }

  function rest() {
    if (data.notes.length > 0) {
      section('Events', null, table('What happened during the run', [word('Time', 'time'),
        word('Kind', 'kind'), word('Agent', 'agent'), word('What', 'text', { wide: true })], data.notes));
    }
    if (data.options !== null) {
      section('Options', null, make('details', { class: 'card' }, make('summary', {}, 'All options of the run, as JSON'),
        make('pre', {}, JSON.stringify(data.options, null, 2))));
    }
  }

  function marks(end) {
    const inside = data.notes.filter((note) => note.at > 0 && note.at < end && note.text !== 'finished');
    return inside.map((note) => ({ at: note.at, kind: note.kind,
      label: note.kind === 'phase' ? note.text : note.kind === 'agent-lost' ? `${note.agent} lost`
        : `${note.kind.replace(/-/g, ' ')}${note.agent ? ` ${note.agent}` : ''}` }));
  }

  head();
  findings();
  verdicts();
  if (data.points.at.length > 0) {
    const end = Math.max(data.points.at.at(-1), 1);
    charts.setTime(end, marks(end));
    overTime();
    watched();
    distribution();
    endpoints();
    checks();
    charts.connect();
  } else {
    section('Over time', null, make('p', { class: 'notice' }, 'No load was sent, or the result has no figures over time.'));
    distribution();
    endpoints();
    checks();
  }
  agents();
  rest();
})();
