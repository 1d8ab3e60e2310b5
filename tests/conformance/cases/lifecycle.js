// covers: lifecycle/setup and teardown once, lifecycle/setup data, lifecycle/handleSummary, globals/console, globals/__ENV __VU __ITER
// flags: --agents 2 -u 4 -i 8 -e NAME=value
// log: setup ran
// log: teardown got 42
// log: \{ a: 1, b: \[ 'x' \] \} plain true
// stdout: SUMMARY 8 iterations, 1 group, setup 42
import { check, group } from 'k6';
export function setup() { console.log('setup ran'); return { answer: 42 }; }
export default function (data) {
  if (__ITER === 0 && __VU === 1) console.log({ a: 1, b: ['x'] }, 'plain', true);
  group('g', () => check(data, { 'data': (d) => d.answer === 42, 'env': () => __ENV.NAME === 'value' && __VU >= 1 && __VU <= 4 }));
}
export function teardown(data) { console.log(`teardown got ${data.answer}`); }
export function handleSummary(data) {
  return { stdout: `SUMMARY ${data.metrics.iterations.values.count} iterations, ${data.root_group.groups.length} group, ` +
    `setup ${data.setup_data.answer}\n` };
}
