// CSV files of `config.payload`: read once, shared by all VUs of a process.
'use strict';

const { SharedArray } = require('k6/data');

// The rows of a CSV text as lists of texts, by RFC 4180: quoted cells may hold delimiters, line breaks, doubled quotes.
function parseCsv(text, delimiter, quote) {
  const rows = [];
  let row = [];
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  const special = (c) => c === delimiter || c === '\n' || c === '\r';
  while (at <= text.length) {
    let cell = '';
    if (text[at] === quote) {
      for (++at; at < text.length; ++at) {
        if (text[at] !== quote) cell += text[at];
        else if (text[at + 1] === quote) cell += text[++at];
        else break;
      }
      ++at;
    }
    const from = at;
    while (at < text.length && !special(text[at])) ++at;
    row.push(cell + text.slice(from, at));
    if (text[at] === delimiter) {
      ++at;
      continue;
    }
    rows.push(row);
    row = [];
    if (text[at] === '\r' && text[at + 1] === '\n') ++at;
    if (++at >= text.length) break;
  }
  return rows;
}

const cast = (cell) => (cell.trim() !== '' && !Number.isNaN(Number(cell)) ? Number(cell) : cell);

function rowsOf(spec, text) {
  let rows = parseCsv(text, spec.delimiter ?? ',', spec.quote ?? '"');
  if (spec.skipEmptyLines !== false) rows = rows.filter((row) => row.length > 1 || row[0] !== '');
  if (spec.skipHeader === true) rows = rows.slice(1);
  return spec.cast === false ? rows : rows.map((row) => row.map(cast));
}

// A function (vars, number) that sets the variables of the vuser with that number. `read` opens the file; it is called
// in init code.
function loadPayload(spec, index, read) {
  const rows = new SharedArray(`payload ${index}`, () => rowsOf(spec, read()));
  if (spec.loadAll === true) {
    let all; // a list, which loops can go over; made once per VU
    return (vars) => {
      all ??= Array.from(rows);
      vars[spec.name] = all;
    };
  }
  const fields = spec.fields;
  const inSequence = spec.order === 'sequence';
  return (vars, number) => {
    const row = rows[inSequence ? number % rows.length : Math.floor(Math.random() * rows.length)] ?? [];
    for (let i = 0; i < fields.length; ++i) vars[fields[i]] = row[i];
  };
}

module.exports = { loadPayload, parseCsv };
