// What the six scenarios share: where the API is, how to sign in, what a signed-in request carries.
import http from 'k6/http';

export const BASE_URL = __ENV.API_BASE_URL || 'http://localhost:3001/api';

const TEST_USER = {
  email: __ENV.TEST_USER_EMAIL || 'testuser@example.com',
  password: __ENV.TEST_USER_PASSWORD || 'password123',
};

// Signs in once; to be called in setup(), whose result every VU gets. lib/users.js signs VUs in one by one.
export function signIn(credentials = TEST_USER) {
  const response = http.post(`${BASE_URL}/auth/login`, JSON.stringify(credentials), {
    headers: { 'Content-Type': 'application/json' },
  });
  if (response.status !== 200) {
    throw new Error(`${BASE_URL}/auth/login answered ${response.status} ${response.error} for ${credentials.email}: ` +
      'is the API up, and are TEST_USER_EMAIL and TEST_USER_PASSWORD right, or is the user made that lib/users.js names?');
  }
  return { token: response.json('token') };
}

// Request params for a signed-in user.
export function signedIn(session) {
  return { headers: { Authorization: `Bearer ${session.token}` } };
}

export function pick(list) {
  return list[Math.floor(Math.random() * list.length)];
}
