/** How far an instance may be given calls; only those that are ready are. */
export type Standing = 'ready' | 'joining' | 'draining' | 'suspect';

/** Pings that an instance may leave unanswered before it is suspect. A hub pings every 2 s. */
export const suspectAfterMissed = 2;
/** Pings that an instance may leave unanswered before it is gone. */
export const goneAfterMissed = 5;

/** What is known of one instance of a node. */
export interface InstanceFacts {
  /** Number of its claim. */
  readonly epoch: number;
  /** It serves together with others. */
  readonly share: boolean;
  /** What is known of its own will: it has a place and has answered nothing yet, it takes calls, or it leaves. */
  readonly said: 'joining' | 'ready' | 'draining';
  /** Rounds of pings sent since it was last heard; 1 is normal while an answer is under way. */
  readonly missed: number;
  /** Last measured round trip, microseconds; 0: not measured. */
  readonly roundTripUs: number;
}

/** The instances of a node, by id. */
export type Instances = Readonly<Record<string, InstanceFacts>>;

/** An instance as a registry remembers it. */
export interface RememberedInstance {
  readonly id: string;
  readonly epoch: number;
  readonly share: boolean;
  readonly standing: Standing;
}

/** How far the instance may be given calls. Silence outweighs what it said. */
export function standingOfFacts(facts: InstanceFacts): Standing {
  return facts.missed >= suspectAfterMissed ? 'suspect' : facts.said;
}

/** The best standing among the instances; undefined when there is none. */
export function bestStanding(instances: Instances): Standing | undefined {
  const present = new Set(Object.values(instances).map(standingOfFacts));
  return (['ready', 'joining', 'draining', 'suspect'] as const).find((standing) => present.has(standing));
}

/** The instances of a registry's entry, each with the standing that it had. */
export function rememberedInstances(remembered: readonly RememberedInstance[]): Instances {
  return Object.fromEntries(
    remembered.map(({ id, epoch, share, standing }) => [
      id,
      {
        epoch,
        share,
        said: standing === 'suspect' ? 'ready' : standing,
        missed: standing === 'suspect' ? suspectAfterMissed : 0,
        roundTripUs: 0,
      },
    ]),
  );
}

/**
 * The instances after a claim: it displaces every other instance of an older epoch unless both share. A claim that
 * is older than one which does not share with it has come too late and changes nothing. Whoever claims hears of its
 * place only after this, and listens even later: it joins until it has answered. One that answers already goes on.
 */
export function withClaim(
  instances: Instances,
  claim: { readonly instance: string; readonly epoch: number; readonly share: boolean },
): Instances {
  const others = Object.entries(instances).filter(([id]) => id !== claim.instance);
  const displaces = (facts: InstanceFacts) => !(facts.share && claim.share);
  if (others.some(([, facts]) => facts.epoch > claim.epoch && displaces(facts))) return instances;
  const known = instances[claim.instance];
  const answers = known !== undefined && standingOfFacts(known) !== 'suspect';
  return {
    ...Object.fromEntries(others.filter(([, facts]) => !displaces(facts))),
    [claim.instance]: {
      epoch: claim.epoch,
      share: claim.share,
      said: answers ? known.said : 'joining',
      missed: answers ? known.missed : 0,
      roundTripUs: known?.roundTripUs ?? 0,
    },
  };
}

/** The instances after one of them has answered a ping: it is there, and what was joining has joined. */
export function withAnswer(instances: Instances, id: string, roundTripUs: number): Instances {
  const said = instances[id]?.said === 'draining' ? 'draining' : 'ready';
  return withFacts(instances, id, { said, missed: 0, roundTripUs });
}

/** The instances after the bus said that nobody listens at one of them: it is suspect, unless it has yet to begin. */
export function withNobodyThere(instances: Instances, id: string): Instances {
  const facts = instances[id];
  if (facts === undefined || facts.said === 'joining') return instances;
  return withFacts(instances, id, { missed: Math.max(facts.missed, suspectAfterMissed) });
}

/** The instances with some facts of one of them changed; an id that is not there changes nothing. */
export function withFacts(instances: Instances, id: string, changed: Partial<InstanceFacts>): Instances {
  const facts = instances[id];
  return facts === undefined ? instances : { ...instances, [id]: { ...facts, ...changed } };
}

/** The instances without one. */
export function withoutInstance(instances: Instances, id: string): Instances {
  return Object.fromEntries(Object.entries(instances).filter(([other]) => other !== id));
}

/** The instances after a round of pings was sent; those that were silent for too long are gone. */
export function afterPingRound(instances: Instances): Instances {
  return Object.fromEntries(
    Object.entries(instances)
      .map(([id, facts]) => [id, { ...facts, missed: facts.missed + 1 }] as const)
      .filter(([, facts]) => facts.missed < goneAfterMissed),
  );
}
