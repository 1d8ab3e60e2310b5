// The expect plugin: each expectation is a check, and counts as Artillery counts it.
'use strict';

const { check } = require('k6');

const { count } = require('./metrics.js');
const { compile, hasPath } = require('./template.js');

const JSON_TYPES = ['application/json', 'application/problem+json', 'application/ld+json'];
const isJson = (type) => JSON_TYPES.some((known) => type.includes(known));

const isObject = (value) => value !== null && typeof value === 'object';
const listOf = (value) => (Array.isArray(value) ? value : [value]);

// The response's body as the plugin sees it: parsed when its type says JSON, null when that fails.
function bodyOf(response) {
  if (!isJson(response.headers['content-type'] ?? '')) return response.body;
  try {
    return response.json;
  } catch {
    return null;
  }
}

function hasContentType(response, expected) {
  const type = response.headers['content-type'] ?? '';
  if (expected === 'json') return isJson(type) && isObject(bodyOf(response));
  return type.toLowerCase() === String(expected).toLowerCase();
}

function isCacheHit(response, hit) {
  const wanted = hit ? ['hit', 'stale'] : ['miss'];
  return ['cf-cache-status', 'x-cache', 'x-vercel-cache'].some((name) =>
    wanted.some((word) => String(response.headers[name] ?? '').toLowerCase().startsWith(word)),
  );
}

const headerOf = (response, name) => response.headers[String(name).toLowerCase()];

const RULES = {
  statusCode: (response, expected) => listOf(expected).some((code) => response.statusCode === Number(code)),
  notStatusCode: (response, expected) => listOf(expected).every((code) => response.statusCode !== Number(code)),
  contentType: hasContentType,
  hasProperty: (response, expected) => isObject(bodyOf(response)) && hasPath(bodyOf(response), expected),
  notHasProperty: (response, expected) => isObject(bodyOf(response)) && !hasPath(bodyOf(response), expected),
  hasHeader: (response, expected) => headerOf(response, expected) !== undefined,
  headerEquals: (response, [name, value]) => {
    const got = headerOf(response, name);
    return got !== undefined && String(got) === String(value ?? '');
  },
  equals: (response, values) => new Set(values.map(String)).size === 1,
  matchesRegexp: (response, expected) => new RegExp(expected).test(response.body),
  cdnHit: isCacheHit,
};

const shown = (value) => (Array.isArray(value) ? value.join(', ') : String(value));

// [{ statusCode: 200 }, ...] or { statusCode: 200, ... } as pairs.
function pairsOf(expect) {
  return listOf(expect ?? []).flatMap((each) => Object.entries(each));
}

// A function (context, response) that checks all; false: one failed. Undefined where there is nothing to check.
// `request`: what checks' names begin with.
function compileExpectations(expect, settings, request) {
  let pairs = pairsOf(expect);
  if (pairs.length === 0 && String(settings.expectDefault200) === 'true') pairs = [['statusCode', 200]];
  if (pairs.length === 0) return undefined;
  const rules = pairs.map(([type, expected]) => ({
    type,
    name: `${request}: ${type} ${shown(expected)}`,
    expected: compile(expected),
    holds: RULES[type],
  }));
  return (context, response) => {
    let all = true;
    for (const { type, name, expected, holds } of rules) {
      const ok = Boolean(holds(response, expected(context)));
      check(null, { [name]: ok });
      const outcome = ok ? 'ok' : 'failed';
      count(`plugins.expect.${outcome}`);
      count(`plugins.expect.${outcome}.${type}`);
      all = all && ok;
    }
    return all;
  };
}

module.exports = { compileExpectations };
