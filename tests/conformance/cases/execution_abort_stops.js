// covers: k6/execution/test.abort
// flags: --secret-source=mock=password=hunter2
// exit: 108
// not: hunter2
// metric: iterations.count < 3
// Whoever aborts iterates no further, however fast it is. What it says of secrets is hidden.
import exec from 'k6/execution';
import secrets from 'k6/secrets';
export const options = { vus: 1, iterations: 100000 };
export default async function () {
  if (__ITER >= 1) exec.test.abort(`with ${await secrets.get('password')}`);
}
