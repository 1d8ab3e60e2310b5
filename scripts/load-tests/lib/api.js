// What the six scenarios share: where the API is, how to sign in, what a signed-in request carries.
import http from 'k6/http';

export const BASE_URL = __ENV.API_BASE_URL || 'http://localhost:3001/api';

// Signs in once; to be called in setup(), whose result every VU gets.
export function signIn() {
  const credentials = {
    email: __ENV.TEST_USER_EMAIL || 'testuser@example.com',
    password: __ENV.TEST_USER_PASSWORD || 'password123',
  };
  const response = http.post(`${BASE_URL}/auth/login`, JSON.stringify(credentials), {
    headers: { 'Content-Type': 'application/json' },
  });
  if (response.status !== 200) {
    throw new Error(`${BASE_URL}/auth/login answered ${response.status} ${response.error}: is the API up, ` +
      'and are TEST_USER_EMAIL and TEST_USER_PASSWORD right?');
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
