// Scenario 4, soak: two hours at 50 VUs, to see what creeps.
//   kctl start soak --agents 2
import http from 'k6/http';
import { sleep } from 'k6';
import { BASE_URL, signIn, signedIn } from './lib/api.js';

// A visit: page, then seconds of thinking.
const JOURNEY = [
  ['/compliance/controls', 3],
  ['/evidence?limit=20', 5],
  ['/integrations', 2],
  ['/compliance/stats', 10],
];

export const options = {
  stages: [
    { duration: '5m', target: 50 },
    { duration: '110m', target: 50 },
    { duration: '5m', target: 0 },
  ],
  thresholds: {
    http_req_duration: ['p(95)<200'],
    http_req_failed: ['rate<0.01'],
  },
};

export function setup() {
  return signIn();
}

export default function (session) {
  const params = signedIn(session);
  for (const [page, think] of JOURNEY) {
    http.get(`${BASE_URL}${page}`, params);
    sleep(think);
  }
}
