/** `make clients`: stubs of all public protos for the languages that are named, or for all. */
import { errorText, PosternError } from '../../src/errors.js';
import { languages, needToolchain, stubs } from './stubs.js';

const named = process.argv.slice(2);
const unknown = named.filter((name) => !languages.some((language) => language === name));
if (unknown.length > 0) {
  process.stderr.write(`no stubs are made for ${unknown.join(', ')}: take ${languages.join(', ')}\n`);
  process.exitCode = 2;
} else {
  for (const language of languages) {
    if (named.length > 0 && !named.includes(language)) continue;
    try {
      await needToolchain(language);
      process.stdout.write(`${language}: ${await stubs(language)}\n`);
    } catch (thrown) {
      const hint = thrown instanceof PosternError && thrown.hint !== undefined ? `; ${thrown.hint}` : '';
      process.stderr.write(`${language}: ${errorText(thrown)}${hint}\n`);
      process.exitCode = 1;
    }
  }
}
