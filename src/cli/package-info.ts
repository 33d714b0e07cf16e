export { packageRoot, posternVersion } from '../package-info.js';
