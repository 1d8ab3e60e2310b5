// Functions of the processor: callback and async styles, and work that may or may not have ended when a call returns.
//
// Steps return undefined when they are done and a promise when they go on: a flow that never waits for a callback then
// costs no promise at all.
'use strict';

const isThenable = (value) => value !== null && typeof value === 'object' && typeof value.then === 'function';

const asError = (error) => (error instanceof Error ? error : new Error(String(error?.message ?? error)));

// next(value), now or when `value` is settled. Returns what next() does, or the promise of it.
function after(value, next) {
  return isThenable(value) ? value.then(next) : next(value);
}

// Runs step(0) ... step(count - 1), each when the one before is done.
function inTurn(count, step, from = 0) {
  for (let i = from; i < count; ++i) {
    const result = step(i);
    if (isThenable(result)) return result.then(() => inTurn(count, step, i + 1));
  }
  return undefined;
}

const isAsync = (fn) => fn.constructor !== undefined && fn.constructor.name === 'AsyncFunction';

// Calls fn(...args, done) the way its author meant it: an async function is done with its promise, one that takes a
// callback when it calls that, and any other when it returns. Gives what it was done with, or the promise of it; done's
// error becomes an exception.
function callFunction(fn, args, resultOf) {
  let state = 'begun';
  let outcome;
  let settle;
  const done = (...results) => {
    if (state !== 'begun') return;
    state = 'done';
    outcome = results;
    if (settle !== undefined) settle();
  };
  const finish = () => resultOf(outcome);
  const returned = fn(...args, done);
  if (state === 'done') return finish();
  const takesDone = fn.length > args.length;
  if (isThenable(returned) && (isAsync(fn) || !takesDone)) {
    return returned.then((value) => (state === 'done' ? finish() : resultOf([undefined, value])));
  }
  if (!takesDone) return resultOf([undefined, returned]);
  return new Promise((resolve, reject) => {
    settle = () => {
      try {
        resolve(finish());
      } catch (error) {
        reject(error);
      }
    };
  });
}

function throwIfError([error]) {
  if (error) throw asError(error);
}

// A hook or a step: done(error).
const callHook = (fn, args) => callFunction(fn, args, throwIfError);

// `whileTrue`: done(goOn), or a promise of it.
const callCondition = (fn, args) =>
  callFunction(fn, args, (results) => Boolean(results.length > 1 ? results[1] : results[0]));

module.exports = { after, asError, callCondition, callHook, inTurn, isThenable };
