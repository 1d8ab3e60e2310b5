// Scenario 2, stress: where does it break? A mixed load of reads from 0 to 500 VUs in 15 minutes.
//   kctl start stress --agents 8
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Rate } from 'k6/metrics';
import { BASE_URL, pick, signIn, signedIn } from './lib/api.js';

const errors = new Rate('errors');

const READS = [
  '/health',
  '/compliance/controls',
  '/compliance/stats',
  '/integrations',
  '/evidence?limit=10',
  '/users/profile',
];

export const options = {
  stages: [
    { duration: '2m', target: 50 },
    { duration: '3m', target: 100 },
    { duration: '3m', target: 200 },
    { duration: '3m', target: 300 },
    { duration: '2m', target: 500 },
    { duration: '2m', target: 0 },
  ],
  thresholds: {
    http_req_duration: ['p(95)<500'],
    http_req_failed: ['rate<0.05'],
  },
};

export function setup() {
  return signIn();
}

export default function (session) {
  const response = http.get(`${BASE_URL}${pick(READS)}`, signedIn(session));
  errors.add(response.status !== 200);
  check(response, { 'status is 200': (r) => r.status === 200 });
  sleep(1 + Math.random() * 3);
}
