// Scenario 5, database: 100 VUs for five minutes on the queries that hold a pooled connection longest.
//   kctl start database --agents 2
import http from 'k6/http';
import { sleep } from 'k6';
import { BASE_URL, signIn, signedIn } from './lib/api.js';

const HEAVY_QUERIES = [
  '/compliance/controls?includeChecks=true',
  '/evidence?limit=50&includeMetadata=true',
  '/audit/logs?limit=100',
];

export const options = {
  vus: 100,
  duration: '5m',
  thresholds: {
    http_req_duration: ['p(95)<300'],
    http_req_failed: ['rate<0.01'],
  },
};

export function setup() {
  return signIn();
}

export default function (session) {
  const params = signedIn(session);
  for (const query of HEAVY_QUERIES) {
    http.get(`${BASE_URL}${query}`, params);
    sleep(1);
  }
}
