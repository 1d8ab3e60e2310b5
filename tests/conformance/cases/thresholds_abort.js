// covers: thresholds/abortOnFail, thresholds/delayAbortEval
// exit: 99
// checks: none
// metric: iterations.count < 400
import { sleep } from 'k6';
import { Rate } from 'k6/metrics';
const bad = new Rate('bad');
export const options = { vus: 2, duration: '30s', thresholds: { bad: [{ threshold: 'rate<0.5', abortOnFail: true, delayAbortEval: '1s' }] } };
export default function () { bad.add(true); sleep(0.1); }
