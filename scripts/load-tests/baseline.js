// Scenario 1, baseline: the dashboard under normal load.
//   10 minutes, up to 50 VUs, about 25 requests a second at think times of 1 to 3 s.
//   kctl start baseline --agents 2
import http from 'k6/http';
import { check, sleep } from 'k6';
import { Rate, Trend } from 'k6/metrics';
import { BASE_URL, signIn, signedIn } from './lib/api.js';

const errors = new Rate('errors');
const dashboardDuration = new Trend('dashboard_duration', true);

export const options = {
  stages: [
    { duration: '2m', target: 10 },
    { duration: '5m', target: 50 },
    { duration: '2m', target: 50 },
    { duration: '1m', target: 0 },
  ],
  thresholds: {
    http_req_duration: ['p(95)<200'],
    http_req_failed: ['rate<0.01'],
    errors: ['rate<0.01'],
  },
};

// One step of the visit: request, checks, think time in seconds.
function visit(params, { path, name, under, think, extra = {} }) {
  const response = http.get(`${BASE_URL}${path}`, params);
  check(response, {
    [`${name} status 200`]: (r) => r.status === 200,
    [`${name} under ${under}ms`]: (r) => r.timings.duration < under,
    ...extra,
  });
  errors.add(response.status !== 200);
  sleep(think);
  return response;
}

export function setup() {
  return signIn();
}

export default function (session) {
  const params = signedIn(session);
  visit(params, { path: '/health', name: 'health check', under: 50, think: 1 });
  visit(params, {
    path: '/compliance/controls',
    name: 'controls',
    under: 200,
    think: 2,
    extra: { 'controls returns array': (r) => Array.isArray(r.json()) },
  });
  const stats = visit(params, { path: '/compliance/stats', name: 'stats', under: 300, think: 2 });
  dashboardDuration.add(stats.timings.duration);
  visit(params, { path: '/integrations', name: 'integrations', under: 150, think: 3 });
  visit(params, { path: '/evidence?limit=20', name: 'evidence', under: 200, think: 2 });
}
