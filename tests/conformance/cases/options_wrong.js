// covers: options/validation
// exit: 104
// log: options.stages\[0\].duration
// log: options.vus
export const options = { stages: [{ duration: 'ten', target: 1 }], vus: -1 };
export default function () {}
