// JSONPath: $.items[0].id, $..name, $.a['b c'], [*], [1:3], [-1], [0,2], [?(@.price < 10)], compiled into functions
// that give all matches in document order.
'use strict';

class Reader {
  constructor(text) {
    this.text = text;
    this.at = 0;
  }
  fail(what) {
    throw new Error(`JSONPath '${this.text}': ${what} at column ${this.at + 1}`);
  }
  take(rule) {
    rule.lastIndex = this.at;
    const match = rule.exec(this.text);
    if (match !== null) this.at = rule.lastIndex;
    return match;
  }
  get done() {
    return this.at >= this.text.length;
  }
}

const isBranch = (value) => value !== null && typeof value === 'object';
const childrenOf = (value) => (Array.isArray(value) ? value : isBranch(value) ? Object.values(value) : []);

// ---- Steps: (value, root, out) puts what they choose of a value into `out` ----

function byName(name) {
  return (value, root, out) => {
    if (!isBranch(value)) return;
    const key = Array.isArray(value) && /^-\d+$/.test(name) ? String(value.length + Number(name)) : name;
    if (Object.hasOwn(value, key)) out.push(value[key]);
  };
}

const every = (value, root, out) => out.push(...childrenOf(value));

function bySlice(from, to, step) {
  return (value, root, out) => {
    if (!Array.isArray(value)) return;
    const end = to === undefined ? value.length : Number(to);
    const last = end < 0 ? value.length + end : Math.min(end, value.length);
    let i = from === undefined ? 0 : Number(from);
    for (i = i < 0 ? Math.max(value.length + i, 0) : i; i < last; i += step) out.push(value[i]);
  };
}

const SCRIPT_WORD = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|@(property|parent|path|root)\b|@|\$(?=[.[])/g;

// The expression is JavaScript, as in other JSONPath libraries; it comes from the test's author.
function compileScript(reader, source) {
  const code = source.replace(SCRIPT_WORD, (found, word) => {
    if (word !== undefined) reader.fail(`@${word} is not available`);
    return found === '@' ? 'value' : found === '$' ? 'root' : found;
  });
  try {
    return new Function('value', 'root', `return (${code});`);
  } catch (error) {
    return reader.fail(`${source} is not an expression (${error.message})`);
  }
}

function attempt(script, value, root) {
  try {
    return script(value, root);
  } catch {
    return undefined; // such as a property of what a value lacks: it does not match
  }
}

function byFilter(script) {
  return (value, root, out) => {
    for (const child of childrenOf(value)) {
      if (attempt(script, child, root)) out.push(child);
    }
  };
}

function byScript(script) {
  return (value, root, out) => byName(String(attempt(script, value, root)))(value, root, out);
}

// ---- Parsing ----

// What stands between the brackets, which may nest in expressions.
function readBrackets(reader) {
  const from = reader.at + 1;
  let depth = 0;
  let quote = '';
  for (; !reader.done; ++reader.at) {
    const c = reader.text[reader.at];
    if (quote !== '') {
      if (c === '\\') ++reader.at;
      else if (c === quote) quote = '';
    } else if (c === '"' || c === "'") quote = c;
    else if (c === '[' || c === '(') ++depth;
    else if ((c === ']' || c === ')') && --depth === 0) return reader.text.slice(from, reader.at++).trim();
  }
  return reader.fail('a closing ] is missing');
}

function splitUnion(inner) {
  return inner.match(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^,]+/g) ?? [];
}

function compileBrackets(reader) {
  const inner = readBrackets(reader);
  if (inner === '*') return every;
  const filter = /^\?\s*\(?([^]*?)\)?$/.exec(inner);
  if (filter !== null) return byFilter(compileScript(reader, inner.slice(1)));
  if (inner.startsWith('(')) return byScript(compileScript(reader, inner));
  const slice = /^(-?\d+)?\s*:\s*(-?\d+)?\s*(?::\s*(\d+))?$/.exec(inner);
  if (slice !== null) return bySlice(slice[1], slice[2], Math.max(Number(slice[3] ?? 1), 1));
  const steps = splitUnion(inner).map((part) => {
    const quoted = /^\s*(['"])([^]*)\1\s*$/.exec(part);
    return byName(quoted === null ? part.trim() : quoted[2].replace(/\\(.)/g, '$1'));
  });
  if (steps.length === 0) reader.fail('[] is empty');
  return (value, root, out) => steps.forEach((step) => step(value, root, out));
}

function compileStep(reader) {
  if (reader.text[reader.at] === '[') return compileBrackets(reader);
  const name = reader.take(/\*|[^.[\]()^~]+/y);
  if (name === null) return reader.fail(`'${reader.text[reader.at] ?? ''}' is not a name`);
  return name[0] === '*' ? every : byName(name[0].trim());
}

function descend(step) {
  return (value, root, out) => {
    step(value, root, out);
    for (const child of childrenOf(value)) if (isBranch(child)) descend(step)(child, root, out);
  };
}

// A function from a document to the list of all that the path leads to.
// Throws an Error that names the path and the column.
function compileJsonPath(text) {
  const reader = new Reader(text.trim());
  const steps = [];
  if (!reader.take(/\$/y) && !reader.done && reader.text[0] !== '[') steps.push(compileStep(reader));
  while (!reader.done) {
    const dots = reader.take(/\.{1,2}/y);
    const step = compileStep(reader);
    steps.push(dots !== null && dots[0] === '..' ? descend(step) : step);
  }
  return (document) => {
    let values = [document];
    for (const step of steps) {
      const next = [];
      for (const value of values) step(value, document, next);
      values = next;
    }
    return values;
  };
}

module.exports = { compileJsonPath };
