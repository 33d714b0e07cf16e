/** Prints the JSON schema of a report: `node dist/scripts/report-schema.js > schemas/report.schema.json`. */
import { reportSchemaText } from '../src/controller/report/judgement-schema.js';

process.stdout.write(reportSchemaText());
