// covers: modules/TypeScript
// log: typed.ts:4
import http from 'k6/http';
import { check } from 'k6';
import { Shape, area } from './lib/typed.ts';
export const options: Record<string, unknown> = { vus: 1, iterations: 1 };
export default function (): void {
  const s: Shape = { w: 2, h: 3 };
  check(area(s), { 'area': (a: number) => a === 6 });
  check(http.get(`http://${__ENV.ECHO}/json`), { 'status': (r: any) => r.status === 200 });
  area(null as unknown as Shape);
}
