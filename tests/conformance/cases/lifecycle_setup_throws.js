// covers: lifecycle/setup throws
// exit: 107
// log: no good
// not: teardown ran
export function setup() { throw new Error('no good'); }
export default function () {}
export function teardown() { console.log('teardown ran'); }
