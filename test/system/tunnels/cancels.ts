import assert from 'node:assert/strict';
import { many, quantile } from '../stress/calls.js';
import { EchoClient, type EchoMethod } from './grpc-echo.js';

/** Where many calls are cancelled, and where others go on meanwhile. */
export interface CancelPlaces {
  readonly address: string;
  /** Metadata that get a call to the node whose calls are cancelled, and to another one. */
  readonly node: Readonly<Record<string, string>>;
  readonly other: Readonly<Record<string, string>>;
  readonly method: EchoMethod;
  readonly otherMethod: EchoMethod;
}

/** Connections that the cancels come on: Node's servers end one that has 1,000 resets in a burst. */
const connections = 8;
const atOnce = 32;
const blocks = 3;
/** Calls that are open all the time. */
const longCalls = 10;

/**
 * `count` answered calls of a node are cancelled by several clients. Calls that are open all the time, and others that
 * come and go, at this node and at another one, all end well, and take no longer than beside as many calls that are
 * not cancelled. Gives back what was measured.
 */
export async function cancelsBeside(places: CancelPlaces, count: number): Promise<string> {
  const { address, node, other, method, otherMethod } = places;
  const cancelling = Array.from({ length: connections }, () => new EchoClient(address, node, method));
  const beside = {
    node: new EchoClient(address, node, method),
    other: new EchoClient(address, other, otherMethod),
  };
  try {
    const long = Array.from({ length: longCalls }, (_, i) =>
      (i % 2 === 0 ? beside.node : beside.other).open(),
    );
    await Promise.all(long.map((call) => call.ask()));
    const turn = (end: 'cancel' | 'finish') => () =>
      many(count / blocks, atOnce, async (index) => {
        const call = (cancelling[index % connections] ?? assert.fail()).open();
        await call.ask();
        if (end === 'finish') return call.finish();
        const { code, details } = await call.cancel();
        assert.equal(code, 1, details);
      });
    await besides(beside, turn('finish'));
    const alone: Times[] = [];
    const disturbed: Times[] = [];
    for (let block = 0; block < blocks; block++) {
      alone.push(await besides(beside, turn('finish')));
      disturbed.push(await besides(beside, turn('cancel')));
    }
    await Promise.all(long.map((call) => call.ask()));
    await Promise.all(long.map((call) => call.finish()));
    const told: string[] = [];
    for (const which of ['node', 'other'] as const) {
      const of = (times: readonly Times[]): number =>
        quantile(
          times.map((one) => one[which]),
          0.5,
        );
      const times = { alone: of(alone), disturbed: of(disturbed) };
      told.push(`${which}: ${times.disturbed.toFixed(1)} ms, beside others ${times.alone.toFixed(1)} ms`);
      assert.ok(times.disturbed < 4 * times.alone + 100, told.join('; '));
    }
    return `p90 beside cancels at this ${told.join('; at the ')}`;
  } finally {
    for (const client of [...cancelling, beside.node, beside.other]) client.close();
  }
}

/** 90th percentiles of call times, milliseconds. */
interface Times {
  readonly node: number;
  readonly other: number;
}

/** Makes calls one after the other at both nodes until `work` is done. Rejects where one of them fails. */
async function besides(
  clients: { readonly node: EchoClient; readonly other: EchoClient },
  work: () => Promise<unknown>,
): Promise<Times> {
  let busy = true;
  const made = async (client: EchoClient): Promise<number> => {
    const times: number[] = [];
    while (busy || times.length === 0) times.push(await client.roundTrip());
    return quantile(times, 0.9);
  };
  const [node, other] = await Promise.all([
    made(clients.node),
    made(clients.other),
    work().finally(() => {
      busy = false;
    }),
  ]);
  return { node, other };
}
