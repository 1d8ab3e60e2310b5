// covers: options/summaryTrendStats, options/summaryTimeUnit
// checks: none
// stdout: iteration_duration\.+: med=\d+\.\d\d(ms|µs|s) p\(99\.9\)=\S+ count=3
import { sleep } from 'k6';
export const options = { iterations: 3, summaryTrendStats: ['med', 'p(99.9)', 'count'], summaryTimeUnit: 'ms' };
export default function () { sleep(0.01); }
