// Globals that processors written for Node.js rely on: process.env and fetch().
'use strict';

const http = require('k6/http');

class Headers {
  constructor(init = {}) {
    this.map = new Map();
    const isIterable = typeof init[Symbol.iterator] === 'function';
    for (const [name, value] of isIterable ? init : Object.entries(init)) this.set(name, value);
  }
  get(name) {
    return this.map.get(String(name).toLowerCase()) ?? null;
  }
  has(name) {
    return this.map.has(String(name).toLowerCase());
  }
  set(name, value) {
    this.map.set(String(name).toLowerCase(), String(value));
  }
  append(name, value) {
    this.set(name, this.has(name) ? `${this.get(name)}, ${value}` : value);
  }
  delete(name) {
    this.map.delete(String(name).toLowerCase());
  }
  forEach(visit) {
    this.map.forEach((value, name) => visit(value, name, this));
  }
  entries() {
    return this.map.entries();
  }
  keys() {
    return this.map.keys();
  }
  values() {
    return this.map.values();
  }
  [Symbol.iterator]() {
    return this.map.entries();
  }
}

class Response {
  constructor(response) {
    this.status = response.status;
    this.statusText = response.status_text ?? '';
    this.ok = response.status >= 200 && response.status < 300;
    this.url = response.url;
    this.redirected = false;
    this.headers = new Headers(response.headers);
    this.body = response.body;
  }
  async text() {
    return this.body ?? '';
  }
  async json() {
    return JSON.parse(this.body);
  }
  async arrayBuffer() {
    return new TextEncoder().encode(this.body ?? '').buffer;
  }
}

// Over http.asyncRequest(): its requests are measured like those of steps.
async function fetch(resource, init = {}) {
  const url = String(resource?.url ?? resource);
  const method = String(init.method ?? 'GET').toUpperCase();
  const headers = Object.fromEntries(new Headers(init.headers ?? {}));
  const body = init.body === undefined || init.body === null ? null : init.body;
  const text = typeof body === 'string' || body instanceof ArrayBuffer || body === null ? body : String(body);
  if (typeof body === 'string' && headers['content-type'] === undefined) {
    headers['content-type'] = 'text/plain;charset=UTF-8';
  }
  const redirects = init.redirect === 'manual' ? 0 : 20;
  const tags = { name: url.split('?')[0] };
  const response = await http.asyncRequest(method, url, text, { headers, redirects, tags });
  if (response.status === 0) {
    const error = new TypeError(`fetch failed: ${response.error}`);
    error.cause = { code: response.error_code, message: response.error };
    throw error;
  }
  return new Response(response);
}

// Before the processor runs.
function installGlobals() {
  const nextTick = (fn, ...args) => void Promise.resolve().then(() => fn(...args));
  globalThis.process ??= { env: __ENV, argv: [], platform: 'linux', nextTick };
  globalThis.fetch ??= fetch;
  globalThis.Headers ??= Headers;
}

module.exports = { installGlobals };
