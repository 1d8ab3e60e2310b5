// `capture` and `match` of a request: values out of a response into variables.
'use strict';

const { parseHTML } = require('k6/html');

const { compileJsonPath } = require('./jsonpath.js');
const { compile, setPath } = require('./template.js');

const pick = (list) => list[Math.floor(Math.random() * list.length)];

// A compiled form of each text, made once where it has no templates.
function compiledOnce(text, make) {
  const rendered = compile(text);
  if (rendered.constant) {
    const made = make(rendered());
    return () => made;
  }
  return (context) => make(rendered(context));
}

function fromJson(spec) {
  const path = compiledOnce(spec.json, compileJsonPath);
  return (context, response) => {
    const document = response.json;
    if (document === null || typeof document !== 'object') return '';
    const found = path(context)(document);
    return found.length > 1 ? pick(found) : found[0];
  };
}

function fromRegexp(spec) {
  const rule = compiledOnce(spec.regexp, (text) => new RegExp(text, spec.flags));
  return (context, response) => {
    const expression = rule(context);
    expression.lastIndex = 0;
    const match = expression.exec(response.body);
    if (match === null) return '';
    if (spec.group === undefined) return match[0];
    return /^\d+$/.test(spec.group) ? match[spec.group] : match.groups?.[spec.group];
  };
}

function fromHeader(spec) {
  const name = compile(spec.header);
  return (context, response) => {
    const value = response.headers[String(name(context)).toLowerCase()];
    return Array.isArray(value) ? value[0] : value ?? '';
  };
}

function indexOf(index, size) {
  if (index === 'random') return Math.floor(Math.random() * size);
  return index === 'last' ? size - 1 : Number(index ?? 0);
}

function fromSelector(spec) {
  const selector = compile(spec.selector);
  return (context, response) => {
    const found = parseHTML(response.body).find(selector(context));
    const size = found.size();
    if (size === 0) return '';
    const element = found.eq(indexOf(spec.index, size));
    return spec.attr === undefined ? element.text() : element.attr(spec.attr);
  };
}

function extractorOf(spec) {
  if (spec.json !== undefined) return fromJson(spec);
  if (spec.regexp !== undefined) return fromRegexp(spec);
  if (spec.header !== undefined) return fromHeader(spec);
  return fromSelector(spec);
}

const isMissing = (value) => value === undefined || value === null || value === '';

// As a list: a test may have one capture or several.
const listOf = (specs) => (specs === undefined ? [] : Array.isArray(specs) ? specs : [specs]);

// A function (context, response) that sets the variables unless something was not found. False: then.
// `strict`: config's strictCapture, which a capture's own `strict` wins over.
function compileCaptures(captures, matches, strict) {
  const specs = [...listOf(captures), ...listOf(matches)].map((spec) => ({
    extract: extractorOf(spec),
    as: spec.as,
    expected: spec.value === undefined ? undefined : compile(spec.value),
    strict: spec.strict ?? strict ?? true,
  }));
  if (specs.length === 0) return undefined;
  return (context, response) => {
    const found = [];
    for (const { extract, as, expected, strict: isStrict } of specs) {
      let value;
      try {
        value = extract(context, response);
      } catch (error) {
        value = undefined; // a body that is no JSON
      }
      const bad = expected === undefined ? isMissing(value) : value !== expected(context);
      if (bad && isStrict) return false;
      if (as !== undefined && !(bad && value === undefined)) found.push([as, value]);
    }
    for (const [as, value] of found) setPath(context.vars, as, value);
    return true;
  };
}

module.exports = { compileCaptures };
