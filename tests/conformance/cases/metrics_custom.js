// covers: k6/metrics/Counter, k6/metrics/Gauge, k6/metrics/Rate, k6/metrics/Trend, k6/metrics/isTime, thresholds/sub-metrics, thresholds/all metric types
// flags: -u 2 -i 6 --agents 2
// exit: 99
// metric: hits.count == 12
// metric: level.value == 5
// metric: share.value == 0.5
// metric: wait.count == 6
// log: thresholds on metrics 'wait' have been crossed
import { Counter, Gauge, Rate, Trend } from 'k6/metrics';
const hits = new Counter('hits'), level = new Gauge('level'), share = new Rate('share'), wait = new Trend('wait', true);
export const options = {
  summaryTrendStats: ['avg', 'p(95)', 'count'],
  thresholds: { hits: ['count==12', 'rate>0'], level: ['value>=5'], share: ['rate==0.5'], wait: ['p(95)<5', 'avg>5'],
    'hits{kind:odd}': ['count==6'] },
};
export default function () {
  hits.add(1, { kind: 'odd' });
  hits.add(1);
  level.add(5);
  share.add(true); share.add(0);
  wait.add(10);
}
