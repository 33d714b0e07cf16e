import { Readable } from 'node:stream';
import { errorText, PosternError } from '../../errors.js';
import type { AwayStore } from './away.js';
import type { S3Config } from './config.js';
import { keyPath } from './keys.js';

/** A part of an object that is sent in parts; S3 takes none below 5 MiB but the last. */
const partBytes = 8 * 2 ** 20;
/** One question may take so long, milliseconds. */
const answerWithinMs = 60_000;

/** A bucket that speaks as S3. Its client is loaded here, for whoever has such a bucket. */
export async function s3Store(config: S3Config): Promise<AwayStore> {
  const s3 = await import('@aws-sdk/client-s3');
  const { bucket, region, endpoint, pathStyle, prefix } = config;
  const client = new s3.S3Client({
    region,
    forcePathStyle: pathStyle,
    ...(endpoint === undefined ? {} : { endpoint }),
    // other stores than Amazon's do not know the newer ones
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 3,
    requestHandler: { requestTimeout: answerWithinMs, connectionTimeout: 10_000 },
  });
  const at = (key: string) => ({ Bucket: bucket, Key: prefix + key });
  const type = { ContentType: 'text/plain; charset=utf-8' };

  const inParts = async (key: string, parts: AsyncGenerator<Buffer>, first: Buffer, second: Buffer) => {
    const { UploadId } = await client.send(new s3.CreateMultipartUploadCommand({ ...at(key), ...type }));
    const upload = { ...at(key), UploadId };
    try {
      const sent: { ETag: string | undefined; PartNumber: number }[] = [];
      const send = async (Body: Buffer) => {
        const PartNumber = sent.length + 1;
        const { ETag } = await client.send(new s3.UploadPartCommand({ ...upload, PartNumber, Body }));
        sent.push({ ETag, PartNumber });
      };
      await send(first);
      await send(second);
      for await (const part of parts) await send(part);
      await client.send(
        new s3.CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: sent } }),
      );
    } catch (thrown) {
      await client.send(new s3.AbortMultipartUploadCommand(upload)).catch(() => {});
      throw thrown;
    }
  };

  return {
    link: (key) => {
      const path = keyPath(prefix + key);
      if (endpoint === undefined) {
        return pathStyle
          ? `https://s3.${region}.amazonaws.com/${bucket}/${path}`
          : `https://${bucket}.s3.${region}.amazonaws.com/${path}`;
      }
      const url = new URL(endpoint);
      if (!pathStyle) url.hostname = `${bucket}.${url.hostname}`;
      return `${url.href.replace(/\/$/, '')}/${pathStyle ? `${bucket}/` : ''}${path}`;
    },

    put: (key, _size, bytes) =>
      asked(async () => {
        const parts = partsOf(bytes);
        const first = await parts.next();
        const second = first.done === true ? first : await parts.next();
        const whole = first.done === true ? Buffer.alloc(0) : first.value;
        if (second.done === true) {
          await client.send(new s3.PutObjectCommand({ ...at(key), ...type, Body: whole }));
        } else await inParts(key, parts, whole, second.value);
      }),

    async *read(key, from) {
      const range = from > 0 ? { Range: `bytes=${from}-` } : {};
      const { Body } = await asked(() => client.send(new s3.GetObjectCommand({ ...at(key), ...range })));
      if (!(Body instanceof Readable)) throw new PosternError('STORE_LOST', 'the object store gave no bytes');
      for await (const chunk of Body) if (chunk instanceof Uint8Array) yield chunk;
    },

    remove: (key) =>
      asked(async () => {
        await client.send(new s3.DeleteObjectCommand(at(key)));
      }),

    stop: () => client.destroy(),
  };

  async function asked<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      if (thrown instanceof PosternError) throw thrown;
      const what = thrown instanceof Error && thrown.name !== 'Error' ? `${thrown.name}: ` : '';
      throw new PosternError(
        'STORE_UNAVAILABLE',
        `the bucket '${bucket}' cannot be used now: ${what}${errorText(thrown)}`,
        { cause: thrown },
      );
    }
  }
}

/** Parts of one size, the last but what is left. */
async function* partsOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let gathered: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    let rest = chunk;
    while (size + rest.length >= partBytes) {
      const taken = partBytes - size;
      gathered.push(rest.subarray(0, taken));
      rest = rest.subarray(taken);
      yield Buffer.concat(gathered);
      [gathered, size] = [[], 0];
    }
    gathered.push(rest);
    size += rest.length;
  }
  if (size > 0) yield Buffer.concat(gathered);
}
