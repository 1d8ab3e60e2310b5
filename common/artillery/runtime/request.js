// Request steps: templates to a request, response to captures, expectations and hooks.
'use strict';

const encoding = require('k6/encoding');
const http = require('k6/http');

const { after, callHook, inTurn } = require('./calls.js');
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
    .flatMap(([key, value]) => (Array.isArray(value) ? value.map((each) => encodePair(key, each)) : [encodePair(key, value)]))
    .join('&');
}

// One part of a multipart form: a text, a number, { value, contentType } or { fromFile, contentType }.
function partOf(value, files) {
  if (value === null || typeof value !== 'object') return http.file(String(value), '', '');
  const name = value.fromFile;
  if (name === undefined) return http.file(String(value.value), '', value.contentType ?? '');
  return http.file(files[name], name.replace(/^.*\//, ''), value.contentType ?? 'application/octet-stream');
}

function multipartOf(form, files) {
  const hasFile = Object.values(form).some((value) => value !== null && typeof value === 'object');
  if (hasFile) {
    return { body: Object.fromEntries(Object.entries(form).map(([name, value]) =>
      [name, value !== null && typeof value === 'object' ? partOf(value, files) : String(value)])) };
  }
  const boundary = `kload${Math.random().toString(36).slice(2)}${Math.random().toString(36).slice(2)}`;
  const parts = Object.entries(form).map(
    ([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return { body: `${parts.join('')}--${boundary}--\r\n`, type: `multipart/form-data; boundary=${boundary}` };
}

// A function of the context that gives the headers as texts; always the same object where there are no templates, and a
// new one where the request adds some of its own.
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
  const cookie = params.cookie === undefined && test.cookie === undefined ? undefined : { ...test.cookie, ...params.cookie };
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
    cookie: cookie === undefined ? undefined : compile(cookie),
    auth: params.auth === undefined ? undefined : compile(params.auth),
  };
}

function bodyOf(fields, context, headers, files) {
  if (fields.json !== undefined) return fields.jsonText ?? JSON.stringify(fields.json(context));
  if (fields.form !== undefined) return encodeQuery(fields.form(context));
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
    return after(run, () => {
      const rendered = render(compileFields(request, test, true), context, step, test);
      request.url = rendered.url;
      request.headers = rendered.params.headers;
      return { ...rendered, request };
    });
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

// The step { get: {...} } as a function of the vuser's context.
// `hooks`: names of the scenario's hooks; `asynchronous`: it runs beside others.
function compileRequest(method, params, hooks, test, place, asynchronous) {
  const hooked = (kind) => [...listOf(hooks[kind]), ...listOf(params[kind])].map((name) => test.functionOf(name, place));
  const step = { method: method.toUpperCase(), params, place, before: hooked('beforeRequest'), behind: hooked('afterResponse') };
  step.tags = { name: endpointOf(params.url ?? params.uri, test) };
  const react = compileReaction(step, test);
  const holds = conditionOf(params, test, place);
  const fields = compileFields(params, test, step.behind.length > 0);
  const prepare =
    step.before.length > 0
      ? hookedRequest(step, test)
      : (context) => {
          const rendered = render(fields, context, step, test);
          rendered.request = step.behind.length > 0 ? { ...params, method: step.method, url: rendered.url, headers: rendered.params.headers } : rendered;
          return rendered;
        };
  const redirects = params.followRedirect === false ? { redirects: 0 } : {};
  const send = asynchronous ? http.asyncRequest : http.request;

  const received = (context, response, request) => {
    if (response.status === 0) throw failureOf(response);
    return react === undefined ? undefined : react(context, response, request);
  };
  const onError = listOf(hooks.onError).map((name) => test.functionOf(name, place));
  const failed = (context, request, error) => {
    const run = inTurn(onError.length, (i) => callHook(onError[i](context), [error, request ?? params, context, test.events]));
    return after(run, () => {
      throw error;
    });
  };

  const attempt = (context) => {
    let sent;
    const go = ({ url, body, params: options, request }) => {
      sent = request;
      const response = send(step.method, url, body, Object.assign(options, redirects));
      return asynchronous ? response.then((got) => received(context, got, request)) : received(context, response, request);
    };
    if (onError.length === 0) return after(prepare(context, step.before), go);
    return guarded(() => after(prepare(context, step.before), go), (error) => failed(context, sent, error));
  };
  return (context) => {
    if (!isProbable(params.probability)) return undefined;
    return holds !== undefined && !holds(context) ? undefined : attempt(context);
  };
}

// run(), and handle(error) when it throws, now or later.
function guarded(run, handle) {
  try {
    const result = run();
    return result !== undefined && result !== null && typeof result.then === 'function' ? result.catch(handle) : result;
  } catch (error) {
    return handle(error);
  }
}

module.exports = { compileRequest, guarded, lowerKeys };
