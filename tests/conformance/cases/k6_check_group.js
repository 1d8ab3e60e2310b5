// covers: k6/check, k6/group, metrics/checks, metrics/group_duration, lifecycle/groups and checks
// checks: 2 failed
// metric: checks.passes == 4
// metric: checks.fails == 2
// metric: group_duration.count == 2
import { check, group } from 'k6';
export const options = { summaryTrendStats: ['avg', 'count'] };
export default function () {
  const all = check({ a: 1 }, { 'a is 1': (v) => v.a === 1, 'constant': true, 'fails': (v) => v.a > 1 }, { kind: 'x' });
  const value = group('outer', () => group('inner', () => check(null, { 'inside': () => 1 }) && 'returned'));
  check(value, { 'group returns': (v) => v === 'returned', 'also fails': () => all });
}
