// A response as hook functions, captures and expectations see it: Artillery's names, headers in lower case. What nobody
// reads is not made.
'use strict';

class View {
  constructor(response) {
    this.statusCode = response.status;
    this.url = response.url;
    this.body = response.body ?? '';
    this.original = response;
  }
  get statusMessage() {
    return this.original.status_text ?? '';
  }
  get headers() {
    const headers = {};
    for (const [name, value] of Object.entries(this.original.headers)) headers[name.toLowerCase()] = value;
    if (headers['set-cookie'] !== undefined) headers['set-cookie'] = [headers['set-cookie']];
    Object.defineProperty(this, 'headers', { value: headers, writable: true, enumerable: true });
    return headers;
  }
  // The body parsed; throws a SyntaxError where it is no JSON.
  get json() {
    const value = typeof this.body === 'string' ? JSON.parse(this.body) : this.body;
    Object.defineProperty(this, 'json', { value, writable: true });
    return value;
  }
  get timings() {
    const t = this.original.timings;
    return {
      phases: {
        wait: t.blocked,
        tcp: t.connecting,
        tls: t.tls_handshaking,
        request: t.sending,
        firstByte: t.waiting,
        download: t.receiving,
        total: t.duration,
      },
    };
  }
}

// Why a request got no response, by k6's number, in the words of Node.js, which Artillery counts errors by.
const CODES = {
  1050: 'ETIMEDOUT',
  1100: 'EAI_AGAIN',
  1101: 'ENOTFOUND',
  1201: 'EPIPE',
  1211: 'ETIMEDOUT',
  1212: 'ECONNREFUSED',
  1220: 'ECONNRESET',
  1310: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  1311: 'ERR_TLS_CERT_ALTNAME_INVALID',
};

// An Error whose `code` Artillery would count.
function failureOf(response) {
  const error = new Error(response.error || 'the request failed');
  error.code = CODES[response.error_code] ?? (response.error || `error ${response.error_code}`);
  return error;
}

module.exports = { View, failureOf };
