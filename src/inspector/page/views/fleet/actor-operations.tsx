import { useEffect, useState } from 'preact/hooks';
import type { GetActorResponse } from '../../../../gen/web/postern/v1/inspector_pb.js';
import type { Hub } from '../../hub.js';
import { Operations, offersOf } from '../../parts/operate.js';
import type { ActorFacts } from './row.js';

interface ActorOperationsProps {
  readonly hub: Hub;
  readonly actor: ActorFacts;
  /** Told the tags of its state. */
  readonly tagged: (tags: readonly string[]) => void;
}

/** What may be done to an actor: asked of the hub anew whenever its state is another. */
export function ActorOperations({ hub, actor, tagged }: ActorOperationsProps) {
  const [told, setTold] = useState<GetActorResponse>();
  const { machine, id, state, bornMs } = actor;
  useEffect(() => {
    const asking = new AbortController();
    hub.inspector.getActor({ machine, id, transitions: 1 }, { signal: asking.signal }).then(
      (answer) => {
        if (asking.signal.aborted) return;
        setTold(answer);
        tagged(answer.actor?.tags ?? []);
      },
      () => setTold(undefined),
    );
    return () => asking.abort();
  }, [hub, machine, id, state, bornMs, tagged]);
  if (told?.actor === undefined || told.definition === undefined) return null;
  const offers = offersOf(told.definition, told.actor.state, told.actor.operations);
  return <Operations hub={hub} target={{ machine, id, bornMs: told.actor.bornMs }} offers={offers} />;
}
