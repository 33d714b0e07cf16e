import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Metadata, StatusObject } from '@grpc/grpc-js';
import { Fleet } from '../../support/fleet.js';
import { interopCases } from '../../support/interop/cases.js';
import {
  InteropClient,
  type InteropTarget,
  type OutputAnswer,
  statusOf,
} from '../../support/interop/client.js';

/** The same server, without Postern and with it. */
const targets: { straight: InteropTarget; through: InteropTarget } = {
  straight: { address: '' },
  through: { address: '' },
};

let fleet: Fleet;
before(async () => {
  fleet = await Fleet.make();
  await fleet.up();
  const server = await fleet.interopServer();
  await fleet.agent('interop', [server.address]);
  const token = await fleet.callerToken('grpc-js');
  targets.straight = { address: server.address };
  targets.through = {
    address: await fleet.hubAddress(),
    metadata: { 'x-postern-node': 'interop', 'x-postern-authorization': token },
  };
});
after(() => fleet.stop());

/** Runs a call of an unmodified client both ways; what it says of the call must be the same. */
async function same<T>(run: (client: InteropClient) => Promise<T>): Promise<T> {
  const saw: T[] = [];
  for (const target of [targets.straight, targets.through]) {
    const client = new InteropClient(target);
    try {
      saw.push(await run(client));
    } finally {
      client.close();
    }
  }
  const [straight, through] = saw;
  assert.deepEqual(through, straight);
  assert.ok(straight !== undefined);
  return straight;
}

/** All that the API shows of metadata; the server's clock may have moved on. */
function visible(metadata: Metadata): Record<string, unknown> {
  const names = Object.keys(metadata.getMap()).filter((name) => name !== 'date');
  return Object.fromEntries(names.sort().map((name) => [name, metadata.get(name)]));
}

function ended({ code, details, metadata }: StatusObject): Record<string, unknown> {
  return { code, details, trailing: visible(metadata) };
}

const echoed = {
  'x-grpc-test-echo-initial': 'initial, with commas',
  'x-grpc-test-echo-trailing-bin': Buffer.from([0, 1, 0xfe, 0xff]),
};
const payload = { body: Buffer.from('request') };
const bounded = (): { deadline: number } => ({ deadline: Date.now() + 10_000 });

describe('an unmodified grpc-js client sees of a grpc-js server the same', () => {
  test('in a unary call', async () => {
    const { initial, trailing } = await same(async (client) => {
      const { value, initial, status } = await client.unaryCall(
        { responseSize: 1_000, payload },
        client.metadata(echoed),
        bounded(),
      );
      return { value, initial: visible(initial), ...ended(status), trailing: visible(status.metadata) };
    });
    assert.deepEqual(initial['x-grpc-test-echo-initial'], ['initial, with commas']);
    assert.deepEqual(trailing['x-grpc-test-echo-trailing-bin'], [Buffer.from([0, 1, 0xfe, 0xff])]);
  });

  test('in a unary call that fails', async () => {
    const saw = await same(async (client) => {
      const { error, value, initial, status } = await client.unaryCall(
        { responseStatus: { code: 9, message: 'not now: 100 % ☺' } },
        client.metadata(echoed),
        bounded(),
      );
      return { name: error?.name, text: error?.message, value, initial: visible(initial), ...ended(status) };
    });
    assert.match(saw.text ?? '', /not now: 100 % ☺/);
  });

  test('in a client stream', async () => {
    await same(async (client) => {
      const { call, outcome } = client.streamingInputCall(client.metadata(echoed), bounded());
      for (let i = 1; i <= 4; i += 1) call.write({ payload: { body: Buffer.alloc(i * 1_000) } });
      call.end();
      const { value, initial, status } = await outcome;
      assert.equal(value?.aggregatedPayloadSize, 10_000);
      return { value, initial: visible(initial), ...ended(status) };
    });
  });

  test('in a server stream', async () => {
    await same(async (client) => {
      const responseParameters = [1, 0, 1_000, 100_000].map((size) => ({ size }));
      const call = client.streamingOutputCall({ responseParameters }, client.metadata(echoed), bounded());
      return seenOf(call);
    });
  });

  test('in a bidirectional stream', async () => {
    await same(async (client) => {
      const call = client.fullDuplexCall(client.metadata(echoed), bounded());
      const seen = seenOf(call);
      for (const size of [1, 0, 1_000]) call.write({ responseParameters: [{ size }], payload });
      call.end();
      return seen;
    });
  });

  test('in a stream that fails after messages', async () => {
    const saw = await same(async (client) => {
      const call = client.fullDuplexCall(client.metadata(echoed), bounded());
      const seen = seenOf(call);
      call.write({ responseParameters: [{ size: 10 }] });
      call.write({ responseStatus: { code: 10, message: 'halfway' } });
      call.end();
      return seen;
    });
    assert.equal(saw.code, 10);
    assert.equal(saw.messages.length, 1);
  });
});

describe("gRPC's interop cases pass straight as they pass through", () => {
  for (const [name, run] of Object.entries(interopCases)) {
    test(name, async () => {
      await run(targets.straight);
      await run(targets.through);
    });
  }
});

type Stream = ReturnType<InteropClient['fullDuplexCall']> | ReturnType<InteropClient['streamingOutputCall']>;

/** Everything that comes of a stream, until its status. */
async function seenOf(
  call: Stream,
): Promise<{ code: unknown; initial: Record<string, unknown>; messages: readonly (number | undefined)[] }> {
  const messages: (number | undefined)[] = [];
  let initial: Record<string, unknown> = {};
  call.on('metadata', (metadata: Metadata) => {
    initial = visible(metadata);
  });
  call.on('data', (answer: OutputAnswer) => messages.push(answer.payload?.body.length));
  const { code, ...rest } = ended(await statusOf(call));
  return { code, initial, messages, ...rest };
}
