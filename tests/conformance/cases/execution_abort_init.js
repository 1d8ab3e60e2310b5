// covers: k6/execution/test.abort
// exit: 108
// log: the script aborted the test: not like this
import exec from 'k6/execution';
exec.test.abort('not like this');
export default function () {}
