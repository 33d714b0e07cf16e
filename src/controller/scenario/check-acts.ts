import {
  type FaultAmount,
  type FaultKind,
  factsOfKinds,
  faultAmounts,
  faultKinds,
} from '../../fault-kinds.js';
import type { DraftFault, Findings } from './draft.js';
import type { Provider } from './scenario.js';

/** How amounts are written, and an example of each. */
const written: Readonly<Record<FaultAmount, { readonly key: string; readonly such: string }>> = {
  share: { key: 'share', such: '10%' },
  delayMs: { key: 'delay', such: '100ms' },
  jitterMs: { key: 'jitter', such: '20ms' },
  bytesPerSecond: { key: 'rate', such: '100KB' },
  clockMs: { key: 'clock', such: '+2h' },
  interface: { key: 'interface', such: 'eth0' },
};

type Refuse = (text: string, ...at: PropertyKey[]) => unknown;

/** What is wrong with how a fault shall act. */
export function checkActs(fault: DraftFault, provider: Provider, findings: Findings): void {
  const refuse: Refuse = (text, ...at) =>
    findings.mistakes.push({ path: at.length === 0 ? fault.path : [...fault.path, ...at], text });
  checkAmounts(fault, refuse);
  checkScope(fault, refuse);
  checkWay(fault, refuse);
  if (provider === 'local') checkLocal(fault, refuse);
}

function checkAmounts({ kinds, wish: { amounts } }: DraftFault, refuse: Refuse): void {
  for (const amount of faultAmounts) {
    const { key, such } = written[amount];
    const given = amounts[amount];
    if (given === undefined) {
      const needy = kinds.filter((kind) => factsOfKinds[kind].needs.includes(amount));
      if (needy.length > 0) refuse(`is missing: ${needy.join(' and ')} needs it, such as ${such}`, key);
    } else if (!kinds.some((kind) => hasAmount(kind, amount))) {
      const able = faultKinds.filter((kind) => hasAmount(kind, amount));
      refuse(`is nothing of ${kinds.join(' or ')}: it goes with ${able.join(', ')}`, key);
    }
  }
  const { share, bytesPerSecond, delayMs = 0, jitterMs = 0 } = amounts;
  if (share === 0) refuse('is 0: nothing would be done', 'share');
  if (bytesPerSecond === 0) refuse('is 0: write kind: partition where nothing shall pass', 'rate');
  if (delayMs > 0 && jitterMs > delayMs)
    refuse('is more than delay: nothing comes before it is sent', 'jitter');
}

function hasAmount(kind: FaultKind, amount: FaultAmount): boolean {
  const { needs, takes } = factsOfKinds[kind];
  return needs.includes(amount) || takes.includes(amount);
}

function checkScope({ kinds, wish: { scope, from } }: DraftFault, refuse: Refuse): void {
  if (scope === undefined) return;
  for (const kind of kinds) {
    const { scopes } = factsOfKinds[kind];
    if (!scopes.includes(scope)) refuse(`is ${scope}: ${kind} has ${scopes.join(' or ')}`, 'scope');
  }
  if (scope === 'hub' && from !== undefined) {
    refuse('does not go with scope hub: the way to the hub leads to no other node', 'from');
  }
}

function checkWay({ kinds, wish: { from, direction, way } }: DraftFault, refuse: Refuse): void {
  for (const kind of kinds) {
    const { network } = factsOfKinds[kind];
    if (!network) {
      const text = `is nothing of ${kind}, which acts on the daemon: write another fault for it`;
      for (const [key, value] of Object.entries({ from, direction, way })) {
        if (value !== undefined) refuse(text, key);
      }
    } else if (kind === 'link' || kind === 'peers') {
      if (from !== undefined) refuse(`is nothing of ${kind}: write kind: partition`, 'from');
    } else if (kind === 'interface') {
      for (const [key, value] of Object.entries({ from, direction })) {
        if (value !== undefined) refuse('is nothing of interface: all that goes over it ends', key);
      }
    }
  }
}

/** With provider local all nodes are one machine, and that of whoever starts them. */
function checkLocal({ kinds, parting, wish }: DraftFault, refuse: Refuse): void {
  const network = kinds.filter((kind) => factsOfKinds[kind].network);
  if (network.length === 0) return;
  if (wish.scope === 'host' || network.includes('interface')) {
    const key = wish.scope === 'host' ? 'scope' : 'kind';
    refuse('would act on this whole machine, with provider local: write provider: lab', key);
  } else if (wish.way === 'kernel') {
    const what = parting === undefined ? network.join(' and ') : 'a partition';
    refuse(
      `cannot be with provider local: all nodes are this machine, and its kernel spares what stays on it (${what}). Leave it out, or write provider: lab`,
      'way',
    );
  }
}
