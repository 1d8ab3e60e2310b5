// covers: sandbox/endless recursion, sandbox/endless allocation, sandbox/endless loop
// log: (stack overflow|Maximum call stack)
// log: out of memory
// metric: iterations.count >= 4
// metric: iteration_exceptions.count == 2
import { check } from 'k6';
export const options = {
  scenarios: {
    recursion: { executor: 'per-vu-iterations', vus: 1, iterations: 1, exec: 'recursion' },
    memory: { executor: 'per-vu-iterations', vus: 1, iterations: 1, exec: 'memory' },
    loop: { executor: 'per-vu-iterations', vus: 1, iterations: 1, exec: 'loop', maxDuration: '2s', gracefulStop: '1s' },
    others: { executor: 'per-vu-iterations', vus: 2, iterations: 1, exec: 'others' },
  },
};
export function recursion() { const f = () => f() + 1; f(); }
export function memory() { const all = []; while (true) all.push(new Array(10000).fill(all.length)); }
export function loop() { while (true) {} }
export function others() { check(1, { 'goes on': (v) => v === 1 }); }
