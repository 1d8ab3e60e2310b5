// covers: k6/execution/test.abort
// exit: 108
// log: the script aborted the test: enough
// log: teardown ran
// metric: iterations.count < 1000
import exec from 'k6/execution';
import { sleep } from 'k6';
export const options = { vus: 3, duration: '30s' };
export default function () {
  sleep(0.05);
  if (exec.scenario.iterationInTest >= 5) exec.test.abort('enough');
}
export function teardown() { console.log('teardown ran'); }
