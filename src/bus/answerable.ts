import { inboxPrefixOf } from './permissions.js';
import { busRoles, type SubjectDeclaration } from './subjects.js';

/**
 * Whether the answer to a request may go to `reply`. Who asks chooses that subject, and we may publish where the asker
 * may not; so it must lie in the asker's own inbox, whose name the parameters of the request tell. The server has
 * proven those: only their owner may publish there.
 */
export function mayBeAnswered<P extends string>(
  declaration: SubjectDeclaration<P, unknown, unknown>,
  params: Readonly<Record<string, string>>,
  reply: string,
): boolean {
  return busRoles.some((role) => {
    const grant = declaration.publish[role];
    if (typeof grant !== 'object') return false;
    let node = '';
    let publicKey = '';
    for (const [name, word] of Object.entries(grant)) {
      const value = params[name] ?? '';
      if (word === '$node') node = value;
      else if (word === '$key') publicKey = value;
      else if (word !== '*' && word !== value) return false;
    }
    if (publicKey === '' || (role === 'agent' && node === '')) return false;
    const identity = role === 'agent' ? { role, node, publicKey } : { role, publicKey };
    return reply.startsWith(`${inboxPrefixOf(identity)}.`);
  });
}
