import { z } from 'zod';

const size = z.number().int().positive();

/** A bucket of a store that speaks as Amazon S3. Who we are there, the AWS environment variables and files tell. */
export const s3Config = z.strictObject({
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'is no name of a bucket'),
  region: z.string().min(1).default('us-east-1'),
  /** Of another store than Amazon's. */
  endpoint: z.url({ protocol: /^https?$/, error: 'must be a URL: https://HOST[:PORT]' }).optional(),
  /** The bucket is named in the path, not in the host name: what most stores of one's own want. */
  pathStyle: z.boolean().default(false),
  /** Before each key. */
  prefix: z
    .string()
    .max(256)
    .regex(/^(?:[\w.=@+-]+\/)*$/, 'is no prefix of keys such as postern/logs/')
    .default(''),
});
export type S3Config = z.infer<typeof s3Config>;

/** What becomes of the files that agents bring. */
export const logsConfig = z.strictObject({
  /** The largest file, in bytes. */
  fileBytes: size.default(256 * 2 ** 20),
  /** All files of one upload, which is one folder and name. */
  uploadBytes: size.default(512 * 2 ** 20),
  /** All files of one node. */
  nodeBytes: size.default(512 * 2 ** 20),
  /** All files together; with `s3` only those on their way count, as they are kept in the bus until they are whole. */
  bytes: size.default(2 ** 30),
  /** How long they are kept, in seconds. */
  keepSeconds: z
    .number()
    .positive()
    .default(30 * 86_400),
  /** What links to files here begin with; absent: they are paths. */
  url: z.url({ protocol: /^https?$/, error: 'must be a URL: https://HOST[:PORT]' }).optional(),
  /** Whole files are brought there. */
  s3: s3Config.optional(),
});
export type LogsConfig = z.infer<typeof logsConfig>;
