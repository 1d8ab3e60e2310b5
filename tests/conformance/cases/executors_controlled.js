// covers: executors/externally-controlled
// checks: none
// metric: vus_max.max == 5
// metric: vus.max == 2
import { sleep } from 'k6';
export const options = { scenarios: { c: { executor: 'externally-controlled', vus: 2, maxVUs: 5, duration: '2s' } } };
export default function () { sleep(0.05); }
