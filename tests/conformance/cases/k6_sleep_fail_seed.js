// covers: k6/sleep, k6/fail, k6/randomSeed, lifecycle/exceptions in iterations, metrics/iterations
// log: level=error.*boom
// metric: iterations.count == 2
// metric: iteration_exceptions.count == 1
import { check, fail, randomSeed, sleep } from 'k6';
export const options = { vus: 1, iterations: 2 };
export default function () {
  const before = Date.now();
  sleep(0.2);
  randomSeed(7);
  const first = Math.random();
  randomSeed(7);
  check(null, { 'slept': () => Date.now() - before >= 190, 'same sequence': () => Math.random() === first });
  if (__ITER === 1) fail('boom');
}
