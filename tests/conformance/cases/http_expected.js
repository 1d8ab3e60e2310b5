// covers: k6/http/expectedStatuses, k6/http/setResponseCallback, params/responseCallback, k6/http/url, metrics/http_req_failed
// metric: http_reqs.count == 5
// metric: http_req_failed.passes == 1
// metric: http_req_duration{name:http://h/${}}.count == 1
import http from 'k6/http';
export const options = {
  hosts: { h: __ENV.ECHO }, summaryTrendStats: ['count'],
  thresholds: { 'http_req_duration{name:http://h/${}}': ['max>=0'] },
};
export default function () {
  http.get(`http://${__ENV.ECHO}/status/404`);
  http.setResponseCallback(http.expectedStatuses(200, { min: 400, max: 404 }));
  http.get(`http://${__ENV.ECHO}/status/404`);
  http.get(`http://${__ENV.ECHO}/status/500`, { responseCallback: null });
  http.get(`http://${__ENV.ECHO}/status/500`, { responseCallback: http.expectedStatuses(500) });
  http.get(http.url`http://h/${'json'}`);
}
