import { errorText } from '../../errors.js';
import { outbound } from '../../wire/outbound.js';
import { type Check, fail, ok } from './check.js';

const names = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY'].flatMap((name) => [name, name.toLowerCase()]);

/** Whether the variables that name a proxy can be used. Their values may hold a password, and are not told. */
export const proxiesCheck: Check = {
  name: 'proxy variables',
  async run({ env }) {
    const given = names.filter((name) => (env[name] ?? '') !== '');
    for (const name of given) {
      try {
        outbound(new URL('https://hub.invalid'), { proxy: withScheme(env[name] ?? '') });
      } catch (thrown) {
        return fail(
          `${name}: ${errorText(thrown)}`,
          `write it as http://USER:PASSWORD@HOST:PORT, or \`unset ${name}\`: agents with --hub https:// use it`,
        );
      }
    }
    return ok(
      given.length === 0 ? 'none is set' : `${given.join(', ')}: agents with --hub https:// go that way`,
    );
  },
};

/** A proxy may be written without a scheme. */
function withScheme(text: string): string {
  return text.includes('://') ? text : `http://${text}`;
}
