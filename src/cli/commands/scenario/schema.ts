import { scenarioSchemaText } from '../../../controller/scenario/json-schema.js';
import type { Invocation } from '../../invocation.js';

/** `postern scenario schema`. */
export async function run({ streams }: Invocation): Promise<number> {
  streams.stdout.write(scenarioSchemaText());
  return 0;
}
