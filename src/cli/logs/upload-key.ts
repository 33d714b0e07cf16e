import { PosternError } from '../../errors.js';

/** The key of an uploaded file, from the key itself or from a link to it. Throws `UPLOAD_UNKNOWN` (exit status 2). */
export function uploadKey(text: string): string {
  const at = text.search(/test-run-[^/]/);
  const isLink = /^[a-z0-9]+:\/\//i.test(text) || text.startsWith('/');
  const [tail = ''] = isLink ? text.slice(at).split(/[?#]/, 1) : [text.slice(at)];
  if (at >= 0 && (at === 0 || isLink)) {
    try {
      return isLink ? tail.split('/').map(decodeURIComponent).join('/') : tail;
    } catch {
      // not a link of ours
    }
  }
  throw new PosternError(
    'UPLOAD_UNKNOWN',
    `'${text}' is neither a link nor a key test-run-FOLDER/NAME/FILE`,
    {
      exitCode: 2,
      hint: 'see what there is with `postern logs ls`',
    },
  );
}
