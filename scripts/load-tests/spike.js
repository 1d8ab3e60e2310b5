// Scenario 3, spike: from 10 to 300 VUs within half a minute, three minutes of that, and back.
//   kctl start spike --agents 4
import http from 'k6/http';
import { sleep } from 'k6';
import { BASE_URL, signIn, signedIn } from './lib/api.js';

export const options = {
  stages: [
    { duration: '1m', target: 10 },
    { duration: '30s', target: 300 },
    { duration: '3m', target: 300 },
    { duration: '30s', target: 10 },
    { duration: '2m', target: 10 },
  ],
  thresholds: {
    http_req_duration: ['p(99)<1000'],
    http_req_failed: ['rate<0.1'],
  },
};

export function setup() {
  return signIn();
}

export default function (session) {
  const params = signedIn(session);
  for (const page of ['/compliance/controls', '/compliance/stats']) {
    http.get(`${BASE_URL}${page}`, params);
    sleep(1);
  }
}
