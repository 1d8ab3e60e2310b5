// covers: k6/execution/scenario, k6/execution/instance, k6/execution/vu, k6/execution/vu.tags, k6/execution/test.options, lifecycle/ids are unique in the cluster
// flags: --agents 3
// metric: seen.count == 30
// metric: sum.count == 435
// metric: iterations{team:blue}.count == 30
import exec from 'k6/execution';
import { Counter } from 'k6/metrics';
import { check } from 'k6';
const seen = new Counter('seen'), sum = new Counter('sum');
export const options = {
  scenarios: { numbers: { executor: 'shared-iterations', vus: 7, iterations: 30 } },
  thresholds: { 'iterations{team:blue}': ['count==30'] },
};
export default function () {
  exec.vu.tags.team = 'blue';
  seen.add(1);
  sum.add(exec.scenario.iterationInTest);  // 0 + ... + 29: each number once
  check(exec, {
    'scenario': (e) => e.scenario.name === 'numbers' && e.scenario.executor === 'shared-iterations',
    'times': (e) => Math.abs(e.scenario.startTime - Date.now()) < 60000 && e.instance.currentTestRunDuration >= 0,
    'ids': (e) => e.vu.idInTest === __VU && e.vu.idInTest >= 1 && e.vu.idInTest <= 7 && e.vu.idInInstance >= 1,
    'counts': (e) => e.vu.iterationInScenario === __ITER && e.instance.vusInitialized >= 1,
    'progress': (e) => e.scenario.progress >= 0 && e.scenario.progress <= 1,
    'options': (e) => e.test.options.scenarios.numbers.vus === 7,
  });
}
