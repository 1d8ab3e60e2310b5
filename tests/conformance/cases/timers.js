// covers: k6/timers, globals/setTimeout, globals/setInterval
import { setTimeout as later } from 'k6/timers';
import { check } from 'k6';
export default async function () {
  const seen = [];
  later(() => seen.push('b'), 20);
  setTimeout(() => seen.push('a'), 1);
  const cancelled = setTimeout(() => seen.push('never'), 5);
  clearTimeout(cancelled);
  let ticks = 0;
  await new Promise((done) => { const id = setInterval(() => { if (++ticks === 3) { clearInterval(id); done(); } }, 10); });
  check(seen, { 'in order': (s) => s.join() === 'a,b', 'interval': () => ticks === 3 });
}
