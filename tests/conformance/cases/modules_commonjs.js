// covers: modules/CommonJS, modules/ES modules, modules/open()
const http = require('k6/http');
const { check } = require('k6');
const helper = require('./lib/helper.cjs.js');
const text = open('./lib/data.txt');
module.exports.options = { iterations: 2 };
module.exports.default = function () {
  check(http.get(helper.url(__ENV.ECHO)), { 'status': (r) => r.status === 200, 'open': () => text.trim() === 'data' });
};
