// covers: options/blockHostnames
// checks: none
// metric: iterations.count > 100
// metric: iterations.count < 2000000
// Requests that are never sent keep a VU from nothing: the test ends in time, another VU has its turns.
import http from 'k6/http';
import { sleep } from 'k6';
export const options = {
  blockHostnames: ['*.blocked.com'],
  scenarios: {
    busy: { executor: 'constant-vus', vus: 2, duration: '1s', gracefulStop: '1s', exec: 'busy' },
    calm: { executor: 'per-vu-iterations', vus: 1, iterations: 5, maxDuration: '3s', exec: 'calm' },
  },
  thresholds: { 'iterations{scenario:calm}': ['count==5'] },
};
export function busy() { http.get('http://x.blocked.com/'); }
export function calm() { sleep(0.1); }
