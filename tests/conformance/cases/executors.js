// covers: executors/shared-iterations, executors/per-vu-iterations, executors/constant-vus, executors/ramping-vus, executors/constant-arrival-rate, executors/ramping-arrival-rate, executors/startTime, executors/exec env tags
// flags: --agents 3
// checks: none
// metric: iterations{scenario:shared}.count == 10
// metric: iterations{scenario:per_vu}.count == 12
// metric: iterations{scenario:arrivals}.count == 40
// metric: iterations{scenario:ramp}.count == 20
// metric: iterations{kind:tagged}.count == 10
// metric: named{from:env}.count == 10
import { sleep } from 'k6';
import exec from 'k6/execution';
import { Counter } from 'k6/metrics';
const n = new Counter('named');
export const options = {
  scenarios: {
    shared: { executor: 'shared-iterations', vus: 4, iterations: 10, exec: 'counted', env: { FROM: 'env' }, tags: { kind: 'tagged' } },
    per_vu: { executor: 'per-vu-iterations', vus: 4, iterations: 3, startTime: '500ms' },
    constant: { executor: 'constant-vus', vus: 3, duration: '1s', gracefulStop: '1s' },
    ramping: { executor: 'ramping-vus', startVUs: 0, stages: [{ duration: '1s', target: 3 }], gracefulRampDown: '0s' },
    arrivals: { executor: 'constant-arrival-rate', rate: 20, duration: '2s', preAllocatedVUs: 10 },
    ramp: { executor: 'ramping-arrival-rate', startRate: 0, stages: [{ duration: '2s', target: 20 }], preAllocatedVUs: 10 },
  },
  thresholds: {
    'iterations{scenario:shared}': ['count==10'], 'iterations{scenario:per_vu}': ['count==12'],
    'iterations{scenario:constant}': ['count>=3'], 'iterations{scenario:ramping}': ['count>0'],
    'iterations{scenario:arrivals}': ['count==40'], 'iterations{scenario:ramp}': ['count==20'],
    'iterations{kind:tagged}': ['count==10'], 'named{from:env}': ['count==10'],
  },
};
export default function () { sleep(0.05); }
export function counted() { n.add(1, { from: __ENV.FROM, scenario: exec.scenario.name }); }
