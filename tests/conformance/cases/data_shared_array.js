// covers: k6/data/SharedArray
import { SharedArray } from 'k6/data';
import { check } from 'k6';
const rows = new SharedArray('rows', () => JSON.parse('[{"a":1},{"a":2},{"a":3}]'));
export default function () {
  let thrown = false;
  try { 'use strict'; rows[0] = 1; } catch (e) { thrown = true; }
  check(rows, { 'length': (r) => r.length === 3, 'index': (r) => r[1].a === 2, 'iterates': (r) => [...r].length === 3,
    'is read only': () => thrown || rows[0].a === 1, 'frozen': (r) => Object.isFrozen(r[0]) });
}
