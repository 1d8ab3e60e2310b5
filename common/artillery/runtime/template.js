// Templates: '{{ user.id }}', '{{ $randomNumber(1, 9) }}', compiled once into functions of a vuser's context.
//
// A text that is nothing but one template has the value itself, with its type; others are joined to a text. In lists
// and objects, keys and values are templates alike.
'use strict';

const PIECES = /\{\{\{?\s*([^{}]*?)\s*\}\}\}?/g;
const CALL = /^(\$[A-Za-z0-9_]+)\s*\(\s*([^()]*?)\s*\)$/;
const CACHE_MAX = 4096; // of texts that hook functions make up while the test runs

// ---- Paths into variables ----

function pathOf(text) {
  const parts = [];
  const rule = /\[\s*(?:(-?\d+)|(['"])(.*?)\2)\s*\]|([^.[\]]+)/g;
  for (let match = rule.exec(text); match !== null; match = rule.exec(text)) {
    parts.push(match[1] ?? match[3] ?? match[4].trim());
  }
  return parts;
}

// The value at 'a.b[0]' of an object, undefined where there is none.
function getPath(object, text, parts = pathOf(text)) {
  if (parts.length < 2 || Object.hasOwn(object, text)) return object[text.trim()];
  let value = object;
  for (const part of parts) {
    if (value === null || value === undefined) return undefined;
    value = value[part];
  }
  return value;
}

function setPath(object, text, value) {
  const parts = pathOf(text);
  let place = object;
  for (let i = 0; i + 1 < parts.length; ++i) {
    const inner = place[parts[i]];
    if (inner === null || typeof inner !== 'object') {
      place[parts[i]] = /^\d+$/.test(parts[i + 1]) ? [] : {};
    }
    place = place[parts[i]];
  }
  place[parts[parts.length - 1]] = value;
}

// Whether the path leads somewhere, be it to undefined.
function hasPath(object, text) {
  let value = object;
  for (const part of pathOf(text)) {
    if (value === null || typeof value !== 'object' || !Object.hasOwn(value, part)) return false;
    value = value[part];
  }
  return true;
}

// ---- Compiling ----

function constant(value) {
  const always = () => value;
  always.constant = true;
  return always;
}

function argumentOf(text) {
  const quoted = /^(['"])(.*)\1$/.exec(text);
  if (quoted !== null) return quoted[2];
  return text === '' || Number.isNaN(Number(text)) ? undefined : Number(text);
}

function compileExpression(text) {
  const call = CALL.exec(text);
  if (call !== null) {
    const name = call[1];
    const list = call[2] === '' ? [] : call[2].split(',').map((each) => argumentOf(each.trim()));
    return (context) => {
      const made = context.funcs[name];
      return typeof made === 'function' ? made(...list) : undefined;
    };
  }
  const parts = pathOf(text);
  if (parts.length === 1 && parts[0] === text) return (context) => context.vars[text];
  return (context) => getPath(context.vars, text, parts);
}

function asText(value) {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function compileText(text) {
  if (!text.includes('{{')) return constant(text);
  const pieces = [];
  let from = 0;
  for (const match of text.matchAll(PIECES)) {
    if (match.index > from) pieces.push(text.slice(from, match.index));
    pieces.push(compileExpression(match[1]));
    from = match.index + match[0].length;
  }
  if (from < text.length) pieces.push(text.slice(from));
  if (pieces.length === 1 && typeof pieces[0] === 'function') {
    const only = pieces[0];
    return (context) => only(context) ?? '';
  }
  return (context) => {
    let out = '';
    for (const piece of pieces) out += typeof piece === 'string' ? piece : asText(piece(context));
    return out;
  };
}

const texts = new Map();

function compiledText(text) {
  let compiled = texts.get(text);
  if (compiled === undefined) {
    compiled = compileText(text);
    if (texts.size < CACHE_MAX) texts.set(text, compiled);
  }
  return compiled;
}

function compileObject(object) {
  const entries = Object.entries(object).map(([key, value]) => [compile(key), compile(value)]);
  if (entries.every(([key, value]) => key.constant && value.constant)) return constant(object);
  return (context) => {
    const out = {};
    for (const [key, value] of entries) out[key(context)] = value(context);
    return out;
  };
}

// A function of the context that gives the value with its templates filled in. Its `constant` is true where there are
// none.
function compile(value) {
  if (typeof value === 'string') return compiledText(value);
  if (Array.isArray(value)) {
    const parts = value.map(compile);
    if (parts.every((part) => part.constant)) return constant(value);
    return (context) => parts.map((part) => part(context));
  }
  const plain = value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype;
  return plain ? compileObject(value) : constant(value);
}

module.exports = { compile, getPath, setPath, hasPath, pathOf };
