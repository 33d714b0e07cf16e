import { interopCases } from '../../test/support/interop/cases.js';
import { InteropClient } from '../../test/support/interop/client.js';
import { type Demo, runPostern } from './context.js';

/** Cases of gRPC's interop tests that say most, by their names there. */
const shown = [
  'empty_unary',
  'large_unary',
  'client_streaming',
  'server_streaming',
  'ping_pong',
  'cancel_after_first_response',
  'timeout_on_sleeping_server',
  'status_code_and_message',
  'special_status_message',
  'unimplemented_method',
  'custom_metadata',
];

/** The TestService behind its agent: by the command `postern call`, by plain grpc-js, by gRPC's interop cases. */
export async function callsPart(demo: Demo): Promise<void> {
  const { stage } = demo;
  stage.part('A gRPC server behind NAT, without its proto files');
  await stage.step('what does it serve?', async () => {
    const listed = await runPostern(demo, ['list', 'demo']);
    stage.show(listed.stdout);
    if (!listed.stdout.includes('grpc.testing.TestService')) throw new Error('the TestService is not listed');
  });
  await stage.step('what does a method take?', async () => {
    const described = await runPostern(demo, ['describe', 'demo', 'grpc.testing.TestService.UnaryCall']);
    stage.show(described.stdout);
    if (!described.stdout.includes('SimpleRequest')) throw new Error('the method is not described');
  });
  await stage.step('call it, JSON in, JSON out', async () => {
    const call = ['call', 'demo', 'grpc.testing.TestService/UnaryCall', '-d', '{"responseSize":9}'];
    const called = await runPostern(demo, [...call, '--max-time', '10']);
    stage.show(called.stdout);
    const answer: { payload?: { body?: string } } = JSON.parse(called.stdout);
    if (answer.payload?.body !== Buffer.alloc(9).toString('base64')) throw new Error('not nine zero bytes');
  });

  stage.part('Unmodified clients, through the hub by the name of the node');
  const token = demo.sabotage === 'wrong-token' ? demo.token.replace(/.{8}$/, 'AAAAAAAA') : demo.token;
  const target = { address: demo.hub, metadata: { name: 'demo', authorization: `Bearer ${token}` } };
  await stage.step('grpc-js with metadata `name: demo`: a stream of 1 MB, every byte checked', async () => {
    const client = new InteropClient(target);
    const sizes = [1, 65_536, 262_144, 700_000];
    const request = { responseParameters: sizes.map((size) => ({ size })) };
    const call = client.streamingOutputCall(request, undefined, { deadline: Date.now() + 15_000 });
    try {
      let next = 0;
      for await (const { payload } of call) {
        const size = sizes[next++] ?? -1;
        if (payload?.body.length !== size) throw new Error(`${payload?.body.length} bytes, not ${size}`);
        const wrong = payload.body.findIndex((byte: number) => byte !== 0);
        if (wrong >= 0) throw new Error(`byte ${wrong} of ${size} is not what the server sent`);
      }
      if (next !== sizes.length) throw new Error(`${next} messages, not ${sizes.length}`);
    } finally {
      call.cancel();
      client.close();
    }
  });
  for (const name of shown) {
    const run = interopCases[name];
    if (run === undefined) throw new Error(`gRPC's interop tests have no case ${name}`);
    await stage.step(`gRPC interop: ${name}`, () => run(target), 30_000);
  }
}
