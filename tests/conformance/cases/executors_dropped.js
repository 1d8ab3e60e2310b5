// covers: executors/dropped_iterations, executors/maxVUs, metrics/dropped_iterations
// metric: dropped_iterations.count > 5
// log: iterations are dropped
// checks: none
import { sleep } from 'k6';
export const options = { scenarios: { a: { executor: 'constant-arrival-rate', rate: 20, duration: '1s', preAllocatedVUs: 1, maxVUs: 3,
  gracefulStop: '2s' } } };
export default function () { sleep(1); }
