import { z } from 'zod';
import { parseHub } from '../../client/hub-target.js';
import { errorText, PosternError } from '../../errors.js';

/** A hub that was given a name on this machine, and with what to come to it. */
export const context = z
  .strictObject({
    /** Its address, as `--hub` takes it. */
    hub: z
      .string()
      .superRefine((text, refinement) => {
        try {
          parseHub(text);
        } catch (thrown) {
          refinement.addIssue({ code: 'custom', message: errorText(thrown) });
        }
      })
      .optional(),
    /** The caller's token itself. */
    token: z.string().min(1).optional(),
    /** The account that the token is of, and what it is renewed with. */
    account: z
      .strictObject({
        email: z.string().min(3).max(254),
        refreshToken: z.string().min(1).max(256),
        /** Host name of the authentication in the hub's route table. */
        host: z.string().min(1).optional(),
      })
      .optional(),
    /** File with the caller's token. */
    tokenFile: z.string().min(1).optional(),
    /** File with the authorities to trust. */
    hubCa: z.string().min(1).optional(),
    /** Data directory of a hub on this machine. */
    data: z.string().min(1).optional(),
  })
  .refine(({ hub, data }) => hub !== undefined || data !== undefined, 'it names neither hub nor data')
  .refine(({ token, tokenFile }) => token === undefined || tokenFile === undefined, 'it has two tokens');
export type Context = z.infer<typeof context>;

/** A name that is a file name everywhere, and never an option. */
const nameShape = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** Whether a context may be called so. */
export function isContextName(name: string): boolean {
  return nameShape.test(name);
}

/** The name itself. Throws `CONTEXT_INVALID` (exit status 2). */
export function checkedContextName(name: string): string {
  if (isContextName(name)) return name;
  throw new PosternError('CONTEXT_INVALID', `${JSON.stringify(name)} is no name for a context`, {
    hint: 'a name is letters, digits, dots, dashes and underscores, at most 64, and begins with a letter or digit',
    exitCode: 2,
  });
}

/** The text of a context's file. */
export async function contextText(content: Context): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify(content, { lineWidth: 0 });
}
