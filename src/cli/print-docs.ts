import { cliDocument } from './docs.js';

process.stdout.write(cliDocument());
