// covers: modules/what is missing says so
// exit: 107
// log: k6/browser is not available in kload
import { browser } from 'k6/browser';
export default function () { browser.newPage(); }
