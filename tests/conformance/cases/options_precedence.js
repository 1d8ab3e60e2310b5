// covers: options/flags win over the script
// flags: -i 4 -u 2 --tag team=red --threshold iterations{team:red}=count==4
// checks: none
// metric: iterations{team:red}.count == 4
export const options = { stages: [{ duration: '30s', target: 5 }], tags: { team: 'blue' } };
export default function () {}
