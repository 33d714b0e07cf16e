import { tryErrors } from './errors.js';

tryErrors({ tracer: false });
