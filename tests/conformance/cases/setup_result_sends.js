// covers: lifecycle/setup data
// What a toJSON() of the setup data begins is given up with setup().
import http from 'k6/http';
import { check } from 'k6';
export const options = { iterations: 1 };
export function setup() {
  return { toJSON() { http.asyncRequest('GET', `http://${__ENV.ECHO}/delay/5`); setTimeout(() => {}, 5000); return { a: 1 }; } };
}
export default function (data) { check(data, { 'data came': (d) => d.a === 1 }); }
