// Makes the calls that stdin names as JSON, all at once, and prints what each gave, or the status that it ended with.
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { OldController } from './old-controller.js';

const asked = z.array(
  z.object({
    address: z.string(),
    fields: z.record(z.string(), z.string()),
    method: z.string(),
    request: z.record(z.string(), z.unknown()),
  }),
);
const ended = z.object({ code: z.number(), details: z.string() });

const answers = await Promise.all(
  asked.parse(JSON.parse(await text(process.stdin))).map(async ({ address, fields, method, request }) => {
    const controller = new OldController(address, fields);
    try {
      const { invite, ...answer } = await controller.call(method, request);
      return Buffer.isBuffer(invite) ? { invite: invite.toString('base64') } : answer;
    } catch (thrown) {
      return ended.parse(thrown);
    } finally {
      controller.close();
    }
  }),
);
process.stdout.write(JSON.stringify(answers));
