// covers: k6/execution/test.fail
// exit: 110
// metric: iterations.count == 4
import exec from 'k6/execution';
export const options = { iterations: 4 };
export default function () { exec.test.fail('stock is wrong'); }
