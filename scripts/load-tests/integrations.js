// Scenario 6, integrations: up to 20 VUs only, since the services behind them are rate-limited.
//   kctl start integrations --agents 2
import http from 'k6/http';
import { sleep } from 'k6';
import { BASE_URL, pick, signIn, signedIn } from './lib/api.js';

export const options = {
  stages: [
    { duration: '2m', target: 10 },
    { duration: '6m', target: 20 },
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
  const params = signedIn(session);
  const integration = `${BASE_URL}/integrations/${pick(['aws', 'github', 'okta', 'jira'])}`;
  http.get(`${integration}/status`, params);
  sleep(2);
  http.get(`${integration}/health`, params);
  sleep(3);
}
