import { type Demo, runPostern } from './context.js';
import { interopCases } from './interop.js';
import { callerMetadata, plainClient, streamPayloads } from './plain-client.js';

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
    const request = '{"responseSize":9,"fillUsername":false}';
    const call = ['call', 'demo', 'grpc.testing.TestService/UnaryCall', '-d', request, '--max-time', '10'];
    const called = await runPostern(demo, call);
    stage.show(called.stdout);
    const answer: { payload?: { body?: string } } = JSON.parse(called.stdout);
    if (answer.payload?.body !== Buffer.alloc(9).toString('base64')) throw new Error('not nine zero bytes');
  });

  stage.part('Unmodified clients, through the hub by the name of the node');
  await stage.step(
    'grpc-js with metadata `name: demo`: 1 MB in four messages, every byte checked',
    async () => {
      const client = await plainClient(demo.hub);
      try {
        const token = demo.sabotage === 'wrong-token' ? demo.token.replace(/.{8}$/, 'AAAAAAAA') : demo.token;
        const sizes = [1, 65_536, 262_144, 700_000];
        const payloads = await streamPayloads(client, callerMetadata('demo', token), sizes);
        sizes.forEach((size, index) => {
          if (payloads[index]?.equals(Buffer.alloc(size)) !== true) {
            throw new Error(`the answer of ${size} bytes is not what the server sent`);
          }
        });
      } finally {
        client.close();
      }
    },
  );
  for (const { title, run } of interopCases(demo.hub, callerMetadata('demo', demo.token))) {
    await stage.step(`gRPC interop: ${title}`, run, 30_000);
  }
}
