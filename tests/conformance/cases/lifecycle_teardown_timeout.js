// covers: lifecycle/teardown times out, options/teardownTimeout
// exit: 101
export const options = { teardownTimeout: '300ms' };
export default function () {}
export function teardown() { while (true) {} }
