// Request steps: templates to a request, response to captures, expectations and hooks.
'use strict';

const encoding = require('k6/encoding');
const http = require('k6/http');

const { after, callHook, inTurn, isThenable } = require('./calls.js');
const { compileCaptures } = require('./capture.js');
const { compileExpectations } = require('./expect.js');
const { compileExpression } = require('./expression.js');
const { View, failureOf } = require('./response.js');
const { compile } = require('./template.js');

const listOf = (value) => (value === undefined ? [] : Array.isArray(value) ? value : [value]);

function lowerKeys(headers) {
  const out = {};
  for (const [name, value] of Object.entries(headers ?? {})) out[name.toLowerCase()] = value;
  return out;
}

// ---- What is sent ----

const encodePair = (key, value) =>
  `${encodeURIComponent(key)}=${encodeURIComponent(value === null || value === undefined ? '' : value)}`;

function encodeQuery(query) {
  if (typeof query !== 'object') return String(query);
  return Object.entries(query)
    .flatMap(([key, value]) => listOf(value).map((each) => encodePair(key, each)))
    .join('&');
}

const isBranch = (value) => value !== null && typeof value === 'object';

// One part of a multipart form: a text, a number, { value, contentType } or { fromFile, contentType }.
function partOf(value, files) {
  if (!isBranch(value)) return String(value);
  const name = value.fromFile;
  if (name === undefined) return http.file(String(value.value), '', value.contentType ?? '');
  return http.file(files[name], name.replace(/^.*\//, ''), value.contentType ?? 'application/octet-stream');
}

// The body, and its type where http.request() does not find that out itself: a form without files.
function multipartOf(form, files) {
  const entries = Object.entries(form);
  if (entries.some(([, value]) => isBranch(value))) {
    return { body: Object.fromEntries(entries.map(([name, value]) => [name, partOf(value, files)])) };
  }
  const random = () => Math.random().toString(36).slice(2);
  const boundary = `kload${random()}${random()}`;
  const parts = entries.map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return { body: `${parts.join('')}--${boundary}--\r\n`, type: `multipart/form-data; boundary=${boundary}` };
}

// A function of the context that gives the headers as texts; always the same object where there are no templates, and
// a new one where the request adds some of its own.
function compileHeaders(headers, grows) {
  const texts = (object) => Object.fromEntries(Object.entries(object).map(([name, value]) => [name, String(value)]));
  const compiled = compile(headers);
  if (!compiled.constant) return (context) => texts(compiled(context));
  const fixed = texts(headers);
  return grows ? () => ({ ...fixed }) : () => fixed;
}

// The templates of a request. Compiled once, or for each request whose hooks may have changed them.
// `changes`: hooks may change the headers.
function compileFields(params, test, changes = false) {
  const headers = { ...test.headers, ...lowerKeys(params.headers) };
  if (params.gzip !== false) headers['accept-encoding'] ??= 'gzip, deflate, br';
  const json = params.json ? compile(params.json) : undefined;
  if (json !== undefined) headers['content-type'] ??= 'application/json';
  else if (params.form !== undefined) headers['content-type'] ??= 'application/x-www-form-urlencoded';
  const hasCookie = params.cookie !== undefined || test.cookie !== undefined;
  return {
    url: compile(params.uri ?? params.url),
    name: compile(params.name ?? ''),
    headers: compileHeaders(headers, params.auth !== undefined || params.formData !== undefined || changes),
    json,
    jsonText: json !== undefined && json.constant ? JSON.stringify(json()) : undefined,
    body: json === undefined && params.body !== undefined ? compile(params.body) : undefined,
    form: params.form === undefined ? undefined : compile(params.form),
    formData: params.formData === undefined ? undefined : compile(params.formData),
    qs: params.qs === undefined ? undefined : compile(params.qs),
    cookie: hasCookie ? compile({ ...test.cookie, ...params.cookie }) : undefined,
    auth: params.auth === undefined ? undefined : compile(params.auth),
  };
}

function bodyOf(fields, context, headers, files) {
  if (fields.json !== undefined) return fields.jsonText ?? JSON.stringify(fields.json(context));
  // A form writes + for a blank.
  if (fields.form !== undefined) return encodeQuery(fields.form(context)).replaceAll('%20', '+');
  if (fields.formData !== undefined) {
    const { body, type } = multipartOf(fields.formData(context), files);
    if (type !== undefined) headers['content-type'] = type;
    return body;
  }
  const body = fields.body?.(context);
  if (body === undefined || typeof body === 'string' || body instanceof ArrayBuffer) return body ?? null;
  return typeof body === 'object' ? JSON.stringify(body) : String(body);
}

function urlOf(fields, context, target) {
  let url = String(fields.url(context));
  if (url.startsWith('/')) url = target + url;
  if (!url.startsWith('http')) throw new Error(`Invalid URL - ${url}`);
  if (fields.qs !== undefined) url = `${url.split('?')[0]}?${encodeQuery(fields.qs(context))}`;
  return url;
}

// What http.request() takes, from the templates.
function render(fields, context, step, test) {
  const url = urlOf(fields, context, test.target);
  const headers = fields.headers(context);
  const body = bodyOf(fields, context, headers, test.files);
  if (fields.auth !== undefined) {
    const { user, pass } = fields.auth(context);
    headers.authorization = `Basic ${encoding.b64encode(`${user}:${pass}`)}`;
  }
  if (fields.cookie !== undefined) {
    const jar = http.cookieJar();
    for (const [name, value] of Object.entries(fields.cookie(context))) jar.set(url, name, String(value));
  }
  const name = fields.name(context);
  const params = { headers, tags: name === '' ? step.tags : { name: String(name) }, timeout: test.timeout };
  if (!step.reads) params.responseType = 'none';
  return { url, body, params };
}

const SEEN = ['name', 'json', 'body', 'form', 'formData', 'qs', 'cookie', 'auth'];

// Likewise, with `request` for functions of the processor, in which values take the places of templates. Each template
// is filled in once: they see what is sent.
function renderSeen(fields, request, context, step, test) {
  const made = { ...fields };
  for (const key of SEEN) {
    if (fields[key] === undefined || request[key] === undefined) continue;
    const value = fields[key](context);
    made[key] = () => value;
    request[key] = value;
  }
  const rendered = render(made, context, step, test);
  request.url = rendered.url;
  request.headers = rendered.params.headers;
  return { ...rendered, request };
}

// ---- Steps ----

// What of an URL's template endpoints are told apart by.
function endpointOf(url, test) {
  return test.stripQueryString ? url.split('?')[0] : url;
}

function conditionOf(params, test, place) {
  if (params.ifTrue === undefined) return undefined;
  const fn = test.processor[params.ifTrue];
  if (typeof fn === 'function') return (context) => fn(context.vars);
  const expression = test.checked(place, () => compileExpression(String(params.ifTrue)));
  return (context) => expression(context.vars);
}

const isProbable = (probability) => probability === undefined || Math.random() * 100 < Number(probability);

// A request that hooks may change before it is sent.
function hookedRequest(step, test) {
  const { method, params } = step;
  return (context, hooks) => {
    const request = { ...params, headers: { ...params.headers }, method, timeout: test.timeout / 1000 };
    if (typeof request.json === 'object') request.json = structuredCopy(request.json);
    const url = request.url ?? request.uri;
    request.url = url.startsWith('/') ? test.target + url : url;
    const run = inTurn(hooks.length, (i) => callHook(hooks[i](context), [request, context, test.events]));
    return after(run, () => renderSeen(compileFields(request, test, true), request, context, step, test));
  };
}

const structuredCopy = (value) => JSON.parse(JSON.stringify(value));

// What happens with a response. Returns undefined or a promise; throws what ends the vuser.
function compileReaction(step, test) {
  const { params, before, behind } = step;
  const captures = test.checked(step.place, () => compileCaptures(params.capture, params.match, test.strictCapture));
  const label = `${step.method} ${params.name ?? endpointOf(params.url ?? params.uri, test)}`;
  const expectations = test.expect === undefined ? undefined : compileExpectations(params.expect, test.expect, label);
  step.reads = captures !== undefined || expectations !== undefined || before.length + behind.length > 0;
  if (!step.reads) return undefined;
  const expectNow = (context, view, request) => {
    if (expectations === undefined || expectations(context, view)) return;
    if (!test.expect.reportFailuresAsErrors) return;
    const name = test.expect.useOnlyRequestNames && params.name ? params.name : request.url;
    throw new Error(`Failed expectations for request ${name}`);
  };
  return (context, response, request) => {
    const view = new View(response);
    const captured = captures === undefined || captures(context, view);
    expectNow(context, view, request);
    const run = inTurn(behind.length, (i) => callHook(behind[i](context), [request, view, context, test.events]));
    return after(run, () => {
      if (!captured) throw new Error('Failed capture or match');
    });
  };
}

// What is done with an error of a request: the scenario's onError, then it ends the vuser. Undefined without any.
function compileOnError(step, hooks, test) {
  const named = listOf(hooks.onError).map((name) => test.functionOf(name, step.place));
  if (named.length === 0) return undefined;
  return (context, request, error) => {
    const call = (i) => callHook(named[i](context), [error, request ?? step.params, context, test.events]);
    return after(inTurn(named.length, call), () => {
      throw error;
    });
  };
}

// Prepares the request, sends it and reacts to what comes.
function compileAttempt(step, hooks, test, asynchronous) {
  const { params, before, behind } = step;
  const react = compileReaction(step, test);
  const fields = compileFields(params, test, behind.length > 0);
  const onError = compileOnError(step, hooks, test);
  const isSeen = behind.length > 0 || onError !== undefined; // the request, by functions of the processor
  const plain = (context) => {
    if (isSeen) return renderSeen(fields, { ...params, method: step.method }, context, step, test);
    const made = render(fields, context, step, test);
    made.request = made;
    return made;
  };
  const prepare = before.length > 0 ? hookedRequest(step, test) : plain;
  const send = asynchronous ? http.asyncRequest : http.request;
  const received = (context, response, request) => {
    if (response.status === 0) throw failureOf(response);
    return react === undefined ? undefined : react(context, response, request);
  };
  return (context) => {
    let sent;
    const go = ({ url, body, params: options, request }) => {
      sent = request;
      if (params.followRedirect === false) options.redirects = 0;
      return after(send(step.method, url, body, options), (response) => received(context, response, request));
    };
    const run = () => after(prepare(context, before), go);
    return onError === undefined ? run() : guarded(run, (error) => onError(context, sent, error));
  };
}

// The step { get: {...} } as a function of the vuser's context.
// `hooks`: names of the scenario's hooks; `asynchronous`: it runs beside others.
function compileRequest(method, params, hooks, test, place, asynchronous) {
  const hooked = (kind) =>
    [...listOf(hooks[kind]), ...listOf(params[kind])].map((name) => test.functionOf(name, place));
  const step = {
    method: method.toUpperCase(),
    params,
    place,
    before: hooked('beforeRequest'),
    behind: hooked('afterResponse'),
    tags: { name: endpointOf(params.url ?? params.uri, test) },
  };
  const holds = conditionOf(params, test, place);
  const attempt = compileAttempt(step, hooks, test, asynchronous);
  return (context) => {
    if (!isProbable(params.probability)) return undefined;
    return holds !== undefined && !holds(context) ? undefined : attempt(context);
  };
}

// run(), and handle(error) when it throws, now or later.
function guarded(run, handle) {
  try {
    const result = run();
    return isThenable(result) ? result.catch(handle) : result;
  } catch (error) {
    return handle(error);
  }
}

module.exports = { compileRequest, lowerKeys };
