// Functions of artillery-baseline.yml.
'use strict';

module.exports = { authenticate };

// Signs in and leaves the token in {{ token }}. TEST_USER_EMAIL and TEST_USER_PASSWORD say who it is.
async function authenticate(context) {
  const { target } = context.vars;
  const response = await fetch(`${target}/auth/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      email: process.env.TEST_USER_EMAIL || 'testuser@example.com',
      password: process.env.TEST_USER_PASSWORD || 'password123',
    }),
  });
  if (!response.ok) throw new Error(`signing in: ${response.status}`);
  context.vars.token = (await response.json()).token;
}
