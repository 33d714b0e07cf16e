import { type Check, fail, ok } from './check.js';

/** The oldest Node that serves, as package.json says. */
const oldest = [20, 19] as const;

/** Whether this Node is new enough. */
export const nodeVersionCheck: Check = {
  name: 'node version',
  async run() {
    const { node } = process.versions;
    const [major = 0, minor = 0] = node.split('.').map(Number);
    if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return ok(`Node ${node}`);
    return fail(`Node ${node} is older than ${oldest.join('.')}`, 'install a newer Node');
  },
};
