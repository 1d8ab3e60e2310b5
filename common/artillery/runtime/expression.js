// Expressions of `ifTrue`, in the language of filtrex: numbers, "texts", names of variables (in '' where they have
// other signs), + - * / % ^, == != < <= > >= ~=, and, or, not, in, ? :, and a few functions. Compiled into functions of
// the variables.
'use strict';

const { getPath } = require('./template.js');

const NUMBER = /(\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)/.source;
const TEXT = /"((?:[^"\\]|\\.)*)"/.source;
const SYMBOL = /'((?:[^'\\]|\\.)*)'/.source;
const WORD = /([A-Za-z_$][\w$.]*)/.source;
const SIGN = /(==|!=|<=|>=|~=|&&|\|\||[-+*/%^<>=!?:(),])/.source;
const TOKEN = new RegExp(`\\s*(?:${NUMBER}|${TEXT}|${SYMBOL}|${WORD}|${SIGN})`, 'y');

function tokensOf(text) {
  const tokens = [];
  TOKEN.lastIndex = 0;
  let at = 0;
  while (text.slice(at).trim() !== '') {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) throw new Error(`'${text}': cannot read '${text.slice(at).trim()}'`);
    at = TOKEN.lastIndex;
    const [, number, string, symbol, word, sign] = match;
    if (number !== undefined) tokens.push({ value: Number(number) });
    else if (string !== undefined) tokens.push({ value: string.replace(/\\(.)/g, '$1') });
    else if (symbol !== undefined) tokens.push({ name: symbol });
    else if (word !== undefined && /^(and|or|not|in)$/.test(word)) tokens.push({ sign: word });
    else if (word !== undefined) tokens.push({ name: word });
    else tokens.push({ sign });
  }
  return tokens;
}

const FUNCTIONS = {
  abs: Math.abs,
  ceil: Math.ceil,
  floor: Math.floor,
  log: Math.log,
  max: Math.max,
  min: Math.min,
  random: Math.random,
  round: Math.round,
  sqrt: Math.sqrt,
};

const BINARY = {
  or: [1, (a, b) => (vars) => a(vars) || b(vars)],
  and: [2, (a, b) => (vars) => a(vars) && b(vars)],
  '==': [4, (a, b) => (vars) => a(vars) == b(vars)], // a captured "3" equals 3
  '!=': [4, (a, b) => (vars) => a(vars) != b(vars)],
  '~=': [4, (a, b) => (vars) => new RegExp(b(vars)).test(a(vars))],
  '<': [5, (a, b) => (vars) => a(vars) < b(vars)],
  '<=': [5, (a, b) => (vars) => a(vars) <= b(vars)],
  '>': [5, (a, b) => (vars) => a(vars) > b(vars)],
  '>=': [5, (a, b) => (vars) => a(vars) >= b(vars)],
  '+': [6, (a, b) => (vars) => a(vars) + b(vars)],
  '-': [6, (a, b) => (vars) => a(vars) - b(vars)],
  '*': [7, (a, b) => (vars) => a(vars) * b(vars)],
  '/': [7, (a, b) => (vars) => a(vars) / b(vars)],
  '%': [7, (a, b) => (vars) => a(vars) % b(vars)],
  '^': [9, (a, b) => (vars) => a(vars) ** b(vars)],
};
BINARY['='] = BINARY['=='];
BINARY['&&'] = BINARY.and;
BINARY['||'] = BINARY.or;

class Parser {
  constructor(text) {
    this.text = text;
    this.tokens = tokensOf(text);
    this.at = 0;
  }
  fail(what) {
    throw new Error(`'${this.text}': ${what}`);
  }
  peek() {
    return this.tokens[this.at]?.sign;
  }
  take(sign) {
    if (this.peek() !== sign) return false;
    ++this.at;
    return true;
  }
  expect(sign) {
    if (!this.take(sign)) this.fail(`a ${sign} is missing`);
  }

  whole() {
    const condition = this.binary(1);
    if (!this.take('?')) return condition;
    const yes = this.whole();
    this.expect(':');
    const no = this.whole();
    return (vars) => (condition(vars) ? yes(vars) : no(vars));
  }

  binary(least) {
    let left = this.unary();
    for (;;) {
      const sign = this.peek();
      if (least <= 3 && (sign === 'in' || (sign === 'not' && this.tokens[this.at + 1]?.sign === 'in'))) {
        left = this.membership(left);
        continue;
      }
      const rule = BINARY[sign];
      if (rule === undefined || rule[0] < least) return left;
      ++this.at;
      left = rule[1](left, this.binary(rule[0] + 1));
    }
  }

  membership(left) {
    const negated = this.take('not');
    this.expect('in');
    this.expect('(');
    const list = this.list();
    return (vars) => list.some((each) => each(vars) == left(vars)) !== negated;
  }

  unary() {
    if (this.take('-')) {
      const value = this.unary();
      return (vars) => -value(vars);
    }
    if (this.take('not') || this.take('!')) {
      const value = this.binary(3);
      return (vars) => !value(vars);
    }
    return this.primary();
  }

  primary() {
    if (this.take('(')) {
      const inner = this.whole();
      this.expect(')');
      return inner;
    }
    const token = this.tokens[this.at++];
    if (token === undefined) this.fail('it ends too early');
    if ('value' in token) return () => token.value;
    if (token.name === undefined) this.fail(`${token.sign} is not a value`);
    if (this.take('(')) return this.call(token.name);
    if (token.name === 'true' || token.name === 'false') return () => token.name === 'true';
    return (vars) => getPath(vars, token.name);
  }

  call(name) {
    const made = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (made === undefined) this.fail(`${name}() is not one of ${Object.keys(FUNCTIONS).join(', ')}`);
    const list = this.list();
    return (vars) => made(...list.map((each) => each(vars)));
  }

  // Up to the closing parenthesis.
  list() {
    const list = [];
    if (this.take(')')) return list;
    do list.push(this.whole());
    while (this.take(','));
    this.expect(')');
    return list;
  }
}

// A function from variables to the expression's value. Throws an Error that names the expression.
function compileExpression(text) {
  const parser = new Parser(text);
  const compiled = parser.whole();
  if (parser.at < parser.tokens.length) parser.fail('there is more than one expression');
  return compiled;
}

module.exports = { compileExpression };
