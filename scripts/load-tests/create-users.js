// Test data: makes the users that lib/users.js gives to VUs, through the API and nothing else.
//   kctl run scripts/load-tests/create-users.js -e USERS=100 -e API_BASE_URL=http://localhost:3001/api
// May be run again: a user that exists is fine and stays as it is. TEST_USER_EMAIL and TEST_USER_PASSWORD are those of an admin;
// lib/users.js has the other variables. Exit code 99: not all users are there.
import http from 'k6/http';
import { check } from 'k6';
import exec from 'k6/execution';
import { Counter } from 'k6/metrics';
import { BASE_URL, signIn, signedIn } from './lib/api.js';
import { USERS, userNumber } from './lib/users.js';

const CREATED = 201;
const CONFLICT = 409; // exists

const created = new Counter('users_created');
const existing = new Counter('users_existing');

export const options = {
  scenarios: {
    // A few at a time: this is no load test.
    create: { executor: 'shared-iterations', vus: Math.min(USERS, 5), iterations: USERS, maxDuration: '30m' },
  },
  thresholds: {
    checks: ['rate==1'],
    iterations: [`count==${USERS}`],
  },
};

http.setResponseCallback(http.expectedStatuses(200, CREATED, CONFLICT));

export function setup() {
  return signIn();
}

export default function (session) {
  const user = userNumber(exec.scenario.iterationInTest + 1);
  const params = signedIn(session);
  params.headers['Content-Type'] = 'application/json';
  const response = http.post(`${BASE_URL}/users`, JSON.stringify(user), params);
  const there = check(response, { 'user is there': (r) => r.status === CREATED || r.status === CONFLICT });
  if (there) (response.status === CREATED ? created : existing).add(1);
  else console.error(`${user.email}: ${response.status} ${response.error || response.body}`);
}
