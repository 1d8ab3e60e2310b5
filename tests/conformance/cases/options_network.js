// covers: options/hosts, options/blockHostnames, options/blacklistIPs, options/userAgent, options/discardResponseBodies, options/maxRedirects, options/tags, options/systemTags
import http from 'k6/http';
import { check } from 'k6';
export const options = {
  hosts: { 'api.example.com': __ENV.ECHO }, blockHostnames: ['*.blocked.com'], blacklistIPs: ['127.0.0.9/32'],
  userAgent: 'conformance/1', maxRedirects: 2, tags: { team: 'blue' }, systemTags: ['status', 'method'],
  discardResponseBodies: true,
};
export default function () {
  const text = { responseType: 'text' };
  check(http.get('http://api.example.com/echo', text), {
    'hosts': (r) => r.status === 200 && r.remote_ip === '127.0.0.1',
    'userAgent': (r) => r.json('headers').some(([n, v]) => n === 'User-Agent' && v === 'conformance/1') });
  check(http.get('http://api.example.com/json'), { 'discarded': (r) => r.body === null });
  check(http.get('http://x.blocked.com/'), { 'blocked': (r) => r.error_code === 1111 });
  check(http.get('http://127.0.0.9/'), { 'blacklisted': (r) => r.error_code === 1110 });
  check(http.get('http://api.example.com/redirect/5'), { 'maxRedirects': (r) => r.status === 302 });
}
