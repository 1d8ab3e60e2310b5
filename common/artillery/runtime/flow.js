// Flows: lists of steps compiled into functions of a vuser's context, which return undefined when they are done and a
// promise when they go on.
'use strict';

const { sleep } = require('k6');

const { after, callCondition, callHook, inTurn, isThenable } = require('./calls.js');
const { compileRequest } = require('./request.js');
const { compile, getPath } = require('./template.js');

const METHODS = ['get', 'post', 'put', 'patch', 'delete', 'head', 'options'];
const PARALLEL_MAX = 100;

const UNITS = { ms: 1e-3, s: 1, m: 60, h: 3600 };

// Seconds of 2, '2', '500ms', '2 seconds', '1m'.
function secondsOf(value) {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(String(value));
  if (match === null) throw new Error(`think: '${value}' is not a time such as 2 or '500ms'`);
  const unit = match[2].toLowerCase();
  const key = unit === '' ? 's' : unit.startsWith('ms') || unit.startsWith('milli') ? 'ms' : unit[0];
  return Number(match[1]) * (UNITS[key] ?? 1);
}

// A time that lies up to `jitter` ('20%' or milliseconds) beside `seconds`.
function jittered(seconds, jitter) {
  if (jitter === undefined) return seconds;
  const text = String(jitter).trim();
  const range = text.endsWith('%') ? (seconds * parseFloat(text)) / 100 : parseFloat(text) / 1000;
  return Math.max(seconds + (Math.random() * 2 - 1) * range, 0);
}

function compileThink(step, test, asynchronous) {
  const time = compile(step.think);
  const fixed = time.constant ? test.checked(step['@'], () => secondsOf(time())) : undefined;
  const jitter = step.jitter ?? test.thinkJitter;
  return (context) => {
    const seconds = jittered(fixed ?? secondsOf(time(context)), jitter);
    if (asynchronous) return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    sleep(seconds);
    return undefined;
  };
}

function compileFunction(step, test) {
  const fn = test.functionOf(step.function, step['@']);
  return (context) => callHook(fn(context), [context, test.events]);
}

// ---- Loops ----

// 'from' and 'to' of 3, '3' and '1-15'.
function rangeOf(count) {
  const range = /^\s*(\d+)\s*-\s*(\d+)\s*$/.exec(String(count));
  if (range !== null) return [Number(range[1]), Number(range[2])];
  return [0, Number.isNaN(Number(count)) ? 0 : Number(count)];
}

function elementsOf(step) {
  if (step.over === undefined) return undefined;
  if (Array.isArray(step.over)) return compile(step.over);
  return (context) => {
    const list = getPath(context.vars, step.over);
    return Array.isArray(list) ? list : [];
  };
}

// Repeats `turn`, which says whether to go on, without growing the stack.
function repeat(turn) {
  for (;;) {
    const goOn = turn();
    if (isThenable(goOn)) return goOn.then((more) => (more ? repeat(turn) : undefined));
    if (!goOn) return undefined;
  }
}

function compileLoop(step, compileList, test) {
  const body = compileList(step.loop);
  const count = compile(step.count ?? -1);
  const elements = elementsOf(step);
  const indexName = step.loopValue ?? '$loopCount';
  const elementName = step.loopElement ?? '$loopElement';
  const condition = step.whileTrue === undefined ? undefined : test.functionOf(step.whileTrue, step['@']);
  return (context) => {
    const list = elements?.(context);
    const [from, to] = list === undefined ? rangeOf(count(context)) : [0, list.length];
    let i = from;
    const isLeft = () => condition !== undefined || i < to || (list === undefined && to === -1);
    if (!isLeft()) return undefined;
    return repeat(() => {
      context.vars[indexName] = i;
      context.vars[elementName] = list === undefined ? i : list[i];
      return after(body(context), () => {
        context.vars[indexName] = ++i;
        return condition === undefined ? isLeft() : callCondition(condition(context), [context]);
      });
    });
  };
}

// ---- Beside each other ----

function compileParallel(step, compileSteps) {
  const steps = compileSteps(step.parallel);
  const limit = Math.max(Number(step.limit ?? PARALLEL_MAX), 1);
  return (context) => {
    let next = 0;
    const worker = async () => {
      while (next < steps.length) await steps[next++](context);
    };
    return Promise.all(Array.from({ length: Math.min(limit, steps.length) }, worker)).then(() => undefined);
  };
}

// ---- Lists ----

// The steps as functions. `hooks`: the scenario's; `asynchronous`: they run beside others.
function compileSteps(list, hooks, test, asynchronous) {
  return list.map((step) => compileStep(step, hooks, test, asynchronous));
}

function compileStep(step, hooks, test, asynchronous) {
  const inner = (beside) => (list) => compileSteps(list, hooks, test, beside);
  if (step.loop !== undefined) {
    const compileList = (list) => sequenceOf(inner(asynchronous)(list));
    return compileLoop(step, compileList, test);
  }
  if (step.parallel !== undefined) return compileParallel(step, inner(true));
  if (step.think !== undefined) return compileThink(step, test, asynchronous);
  if (step.function !== undefined) return compileFunction(step, test);
  if (step.log !== undefined) {
    const text = compile(step.log);
    return (context) => void console.log(text(context));
  }
  const method = METHODS.find((name) => step[name] !== undefined);
  return compileRequest(method, step[method], hooks, test, step['@'], asynchronous);
}

// The steps one after the other.
function sequenceOf(steps) {
  return (context) => inTurn(steps.length, (i) => steps[i](context));
}

// A scenario's flow with the hooks around it.
function compileFlow(scenario, test) {
  const place = scenario['@'];
  const hook = (name) => ({ function: name, '@': place });
  const listOf = (names) => (names === undefined ? [] : Array.isArray(names) ? names : [names]).map(hook);
  const steps = [...listOf(scenario.beforeScenario), ...scenario.flow, ...listOf(scenario.afterScenario)];
  return sequenceOf(compileSteps(steps, scenario, test, false));
}

module.exports = { compileFlow };
