import { errorText, PosternError } from '../../errors.js';
import { tokenFacts, tokenFactsText } from '../contexts/token-facts.js';
import { type Check, fail, ok, skipped, warn } from './check.js';

/** A token that ends so soon is worth a word, in milliseconds. */
const soonMs = 3 * 86_400_000;
const mostNamed = 8;

/** Whether the hub takes the token that commands would show. */
export const hubTokenCheck: Check = {
  name: 'token',
  async run(subject) {
    if (!(await subject.answers())) return skipped('the hub does not answer');
    const { token } = await subject.target();
    if (token === undefined) {
      return fail(
        'there is no token to show to the hub',
        "give one with --token-file or POSTERN_TOKEN, or in a context; on the hub's machine, name its data directory: --data DIR",
      );
    }
    const facts = tokenFacts(token);
    const about = tokenFactsText(facts, Date.now());
    try {
      await subject.nodes();
    } catch (thrown) {
      const hint = thrown instanceof PosternError ? thrown.hint : undefined;
      return fail(
        `the hub refuses it (${about}): ${errorText(thrown)}`,
        hint ?? 'look at the log of the hub',
      );
    }
    if (facts?.expiresAtMs !== undefined && facts.expiresAtMs < Date.now() + soonMs) {
      return warn(about, 'ask who runs the hub for a new one: `postern token create --caller NAME`');
    }
    return ok(about);
  },
};

/** Whether the nodes that the hub shows are connected. */
export const nodesCheck: Check = {
  name: 'nodes',
  async run(subject) {
    const nodes = await subject.nodes().catch(() => undefined);
    if (nodes === undefined) return skipped('the hub does not show them');
    const away = nodes.filter(({ tags }) => tags.includes('away'));
    if (away.length === 0) return ok(`${nodes.length}, none is lost`);
    const named = away.slice(0, mostNamed).map(({ name, state }) => `${name} is ${state}`);
    const rest = away.length > mostNamed ? ` and ${away.length - mostNamed} more` : '';
    return warn(
      `of ${nodes.length}: ${named.join(', ')}${rest}`,
      `see why: \`postern inspect ${away[0]?.name}\`, and look at the log of its agent`,
    );
  },
};
