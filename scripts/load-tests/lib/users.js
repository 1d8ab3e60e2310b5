// Users of their own for VUs: create-users.js makes them, a scenario signs each VU in as one of them.
//
//   import { ownSession } from './lib/users.js';
//   export default function () { http.get(url, signedIn(ownSession())); }
//
// VU k of the test is user k, whatever agent it runs on: exec.vu.idInTest is unique in the whole cluster.
//   USERS                how many there are [100]
//   USERS_WRAP           true: with more VUs than users, VUs share them; else such a VU aborts the test
//   TEST_USERS_PREFIX    of their addresses [load-user]: load-user-1@example.com
//   TEST_USERS_PASSWORD  of all of them
import exec from 'k6/execution';
import { signIn } from './api.js';

const PREFIX = __ENV.TEST_USERS_PREFIX || 'load-user';
const PASSWORD = __ENV.TEST_USERS_PASSWORD || 'SecureLoadPassword123!';
const WRAP = __ENV.USERS_WRAP === 'true';

export const USERS = count(__ENV.USERS || '100');

function count(text) {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new Error(`USERS="${text}" is not a number of users from 1 to 9999999`);
  return Number(text);
}

// The credentials of user 1, 2 ... USERS.
export function userNumber(number) {
  return { email: `${PREFIX}-${number}@example.com`, password: PASSWORD };
}

// The credentials of the VU that calls; not for init code, setup() and teardown(), which are no VU's.
export function ownUser() {
  const vu = exec.vu.idInTest;
  if (vu === 0) throw new Error('ownUser() is for VUs: init code, setup() and teardown() have none');
  if (vu > USERS && !WRAP) {
    exec.test.abort(`VU ${vu} has no user of its own, USERS is ${USERS}: make as many as there are VUs with create-users.js, ` +
      'or let VUs share them with USERS_WRAP=true');
  }
  return userNumber((vu - 1) % USERS + 1);
}

let session;

// Signs the VU in as its own user, at its first call; later ones return the same session.
export function ownSession() {
  if (!session) session = signIn(ownUser());
  return session;
}
