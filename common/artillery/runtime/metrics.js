// What an Artillery test measures beside the built-in metrics. Names that only the test knows (errors, counters of
// processors) are values of the tag `metric`, because names of metrics belong to init code.
'use strict';

const { Counter, Rate, Trend } = require('k6/metrics');

const created = new Counter('vusers_created');
const completed = new Counter('vusers_completed');
const failed = new Counter('vusers_failed');
const failureRate = new Rate('vusers_failure_rate');
const sessionLength = new Trend('vusers_session_length', true);
const counters = new Counter('artillery_counter');
const rates = new Counter('artillery_rate');
const histograms = new Trend('artillery_histogram');

const tags = new Map(); // name -> { metric: name }
const TAGS_MAX = 10000;

function tagsOf(name) {
  let made = tags.get(name);
  if (made === undefined) {
    made = { metric: String(name) };
    if (tags.size < TAGS_MAX) tags.set(name, made);
  }
  return made;
}

function count(name, value = 1) {
  counters.add(value, tagsOf(name));
}

function countError(code) {
  count(`errors.${code}`);
}

// What processors get as `events`: emit() measures, on() listens to what they emit themselves.
class Events {
  constructor() {
    this.listeners = new Map();
  }
  emit(event, name, value) {
    if (event === 'counter') count(name, value ?? 1);
    else if (event === 'histogram' || event === 'summary') histograms.add(value, tagsOf(name));
    else if (event === 'rate') rates.add(1, tagsOf(name));
    else if (event === 'customStat') histograms.add(name.value, tagsOf(name.stat));
    else if (event === 'error') countError(name?.code ?? name?.message ?? name);
    const listeners = this.listeners.get(event);
    if (listeners === undefined) return false;
    for (const listener of [...listeners]) listener.apply(this, Array.prototype.slice.call(arguments, 1));
    return true;
  }
  on(event, listener) {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
    return this;
  }
  once(event, listener) {
    const only = (...args) => {
      this.off(event, only);
      listener.apply(this, args);
    };
    return this.on(event, only);
  }
  off(event, listener) {
    this.listeners.set(event, (this.listeners.get(event) ?? []).filter((each) => each !== listener));
    return this;
  }
}
Events.prototype.addListener = Events.prototype.on;
Events.prototype.removeListener = Events.prototype.off;

module.exports = { Events, completed, count, countError, created, failed, failureRate, sessionLength };
