// An Artillery test as a k6 script: options come from kctl; here are its functions. One iteration is one vuser.
'use strict';

const exec = require('k6/execution');

const { asError, isThenable } = require('./calls.js');
const { compileFlow } = require('./flow.js');
const { installGlobals } = require('./globals.js');
const metrics = require('./metrics.js');
const { loadPayload } = require('./payload.js');
const { lowerKeys } = require('./request.js');
const { compile } = require('./template.js');

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

const randomInteger = (least, most) => least + Math.floor(Math.random() * (most - least + 1));

const FUNCTIONS = {
  $randomNumber: (least = 0, most = 1) => randomInteger(Math.ceil(least), Math.floor(most)),
  $randomString(length = 10) {
    let text = '';
    while (text.length < length) text += LETTERS[randomInteger(0, LETTERS.length - 1)];
    return text;
  },
};

function uuid() {
  const hex = (count) => Math.floor(Math.random() * 16 ** count).toString(16).padStart(count, '0');
  const variant = (8 + Math.floor(Math.random() * 4)).toString(16);
  return `${hex(8)}-${hex(4)}-4${hex(3)}-${variant}${hex(3)}-${hex(8)}${hex(4)}`;
}

// ---- The test, as flows are compiled for it ----

function fail(place, what) {
  throw new Error(`${place}: ${what}`);
}

function makeTest(config, processor, files) {
  const http = config.http ?? {};
  const defaults = { ...config.defaults, ...http.defaults };
  const plugins = config.plugins ?? {};
  const byEndpoint = plugins['metrics-by-endpoint'] || { stripQueryString: true };
  return {
    processor,
    files,
    events: new metrics.Events(),
    timeout: Number(config.timeout ?? http.timeout ?? 10) * 1000,
    headers: lowerKeys(defaults.headers),
    cookie: defaults.cookie,
    thinkJitter: defaults.think?.jitter,
    strictCapture: defaults.strictCapture,
    expect: 'expect' in plugins ? plugins.expect ?? {} : undefined,
    stripQueryString: byEndpoint.stripQueryString === true,
    // The function of that name, as a function of the context, since the name may be a template.
    functionOf(name, place) {
      const find = (known) => {
        const fn = processor[known];
        if (typeof fn !== 'function') {
          const others = Object.keys(processor).join(', ') || 'none';
          fail(place, config.processor === undefined
            ? `function '${known}' is not there: config has no processor`
            : `${config.processor} exports no function '${known}'; it has ${others}`);
        }
        return fn;
      };
      const rendered = compile(name);
      if (!rendered.constant) return (context) => find(rendered(context));
      const fn = find(name);
      return () => fn;
    },
    // make(), whose error is then said with its place.
    checked(place, make) {
      try {
        return make();
      } catch (error) {
        return fail(place, error.message);
      }
    },
  };
}

// ---- Vusers ----

function pickByWeight(scenarios) {
  let total = 0;
  const ends = scenarios.map((scenario) => (total += scenario.weight));
  return () => {
    const at = Math.random() * total;
    return scenarios[Math.max(ends.findIndex((end) => at < end), 0)];
  };
}

// The vuser's number in the whole test, by which payloads are gone through in sequence.
function numberOf(offsets) {
  const { name, iterationInTest } = exec.scenario;
  return (offsets[name] ?? 0) + iterationInTest;
}

const pick = (value) => (Array.isArray(value) ? value[randomInteger(0, value.length - 1)] : value);

function makeContexts(test, setup, payloads) {
  const variables = Object.entries(test.config.variables ?? {}).map(([name, value]) => [name, compile(value)]);
  const constants = {
    target: setup.target,
    $environment: test.environment,
    $processEnvironment: __ENV,
    $env: __ENV,
    $dirname: '.',
    $scenarioFile: test.file,
  };
  const inSequence = (test.config.payload ?? []).some((each) => each.order === 'sequence');
  return (data, scenario, isHook) => {
    const id = uuid();
    const vars = { ...constants, ...data.vars };
    vars.$testId = data.testId;
    const number = inSequence && !isHook ? numberOf(test.offsets) : 0;
    for (const payload of payloads) payload(vars, number);
    const context = { vars, funcs: Object.create(FUNCTIONS), scenario, _uid: id };
    for (const [name, value] of variables) vars[name] = pick(value(context));
    context.funcs.$template = (input) => compile(input)(context);
    vars.$uuid = id;
    return context;
  };
}

// What `before` leaves for vusers: no names that every context has of its own.
function kept(vars) {
  return Object.fromEntries(Object.entries(vars).filter(([name]) => !name.startsWith('$') && name !== 'target'));
}

function isKnown(error) {
  return error.code !== undefined || /^Failed (capture|expectations)/.test(error.message);
}

const told = new Set(); // messages of errors that this VU has printed
const TOLD_MAX = 100;

function ended(context, started, error) {
  metrics.failureRate.add(error !== undefined);
  if (error === undefined) {
    metrics.completed.add(1);
    metrics.failed.add(0); // there is such a number, be it 0
    metrics.sessionLength.add(Date.now() - started);
    return;
  }
  metrics.failed.add(1);
  metrics.countError(error.code ?? error.message);
  if (isKnown(error) || told.has(error.message) || told.size > TOLD_MAX) return;
  told.add(error.message);
  console.error(error.stack ? `${error.message}\n${error.stack}` : error.message);
}

function runVuser(scenario, context) {
  const started = Date.now();
  metrics.created.add(1);
  metrics.count(`vusers.created_by_name.${scenario.name}`);
  try {
    const result = scenario.flow(context);
    if (!isThenable(result)) return ended(context, started);
    return result.then(
      () => ended(context, started),
      (error) => ended(context, started, asError(error)),
    );
  } catch (error) {
    return ended(context, started, asError(error));
  }
}

// A scenario outside the load: its error ends the test.
function runHook(flow, context) {
  const result = flow(context);
  return isThenable(result) ? result.then(() => context.vars) : context.vars;
}

// The functions of the script. `parts`: processor() gives the processor's exports, payloads read the files of
// config.payload, files hold those of forms.
exports.makeScript = (test, parts) => {
  installGlobals();
  const { config } = test;
  const setup = makeTest(config, parts.processor?.() ?? {}, parts.files);
  setup.target = String(config.target ?? '');
  const payloads = parts.payloads.map((read, i) => loadPayload(config.payload[i], i, read));
  const scenarios = test.scenarios.map((scenario, i) => ({
    name: scenario.name ?? String(i),
    weight: scenario.weight ?? 1,
    flow: compileFlow(scenario, setup),
    spec: scenario,
  }));
  const next = pickByWeight(scenarios);
  const contextOf = makeContexts(test, setup, payloads);
  const hookOf = (spec) => (spec === undefined ? undefined : compileFlow(spec, setup));
  const before = hookOf(test.before);
  const behind = hookOf(test.after);
  return {
    setup() {
      const data = { testId: uuid(), vars: {} };
      if (before === undefined) return data;
      const vars = runHook(before, contextOf(data, test.before, true));
      const withVars = (got) => ({ ...data, vars: kept(got) });
      return isThenable(vars) ? vars.then(withVars) : withVars(vars);
    },
    default(data) {
      const scenario = next();
      return runVuser(scenario, contextOf(data ?? { vars: {} }, scenario.spec, false));
    },
    teardown(data) {
      if (behind === undefined) return undefined;
      const vars = runHook(behind, contextOf(data ?? { vars: {} }, test.after, true));
      return isThenable(vars) ? vars.then(() => undefined) : undefined;
    },
  };
};
