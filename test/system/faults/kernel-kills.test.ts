import { kernelKills } from './kernel-kills.js';

kernelKills([
  ['peers', 'everything'],
  ['rate', 'agent'],
  ['interface', 'both'],
]);
