import { PosternError } from '../errors.js';
import type { HubOperators, Operated } from '../operating.js';
import type { Nodes } from './nodes.js';
import type { NodeRegistry } from './registry.js';

/** Does something to a node; resolves to what became of it. */
type Effect = (name: string, by: string) => Promise<string>;

/** What operators may do to nodes. The machines of all hubs learn of it from the registry, this one's too. */
export function hubOperators({
  nodes,
  registry,
  told,
}: {
  nodes: Pick<Nodes, 'kick'>;
  registry: Pick<NodeRegistry, 'drain'>;
  told: (operated: Operated) => void;
}): HubOperators {
  const effects: Readonly<Record<string, Effect>> = {
    KICK_ASKED: async (name) => {
      const instances = await nodes.kick(name, undefined, 0);
      return instances.length === 0 ? 'it had no session' : `sessions ended: ${instances.join(', ')}`;
    },
    DRAIN_ASKED: async (name, by) => {
      const drained = { atMs: Date.now(), by: by.slice(0, 256) };
      const isNew = await registry.drain(name, drained);
      return isNew ? 'it is given no new calls until it is resumed' : 'it was drained already';
    },
    RESUME_ASKED: async (name) => {
      const isNew = await registry.drain(name, undefined);
      return isNew ? 'it is given calls again' : 'nobody had drained it';
    },
  };
  return {
    node: (name, event, by) => {
      const effect = effects[event];
      if (effect === undefined) throw new PosternError('INVALID_ARGUMENT', `nodes know no event ${event}`);
      return effect(name, by);
    },
    told,
  };
}
