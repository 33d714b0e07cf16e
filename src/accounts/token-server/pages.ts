import { createHash } from 'node:crypto';

const style =
  'body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1rem;color:#222;background:#fff}' +
  'label{display:block;padding:.4rem 0}code{color:#555}textarea{width:100%;height:6rem}' +
  'button,.go{font:inherit;display:inline-block;margin-top:1rem;padding:.5rem 1.2rem;border:0;border-radius:.4rem;background:#2b4a7f;color:#fff;text-decoration:none}' +
  '@media(prefers-color-scheme:dark){body{color:#ddd;background:#181a1b}code{color:#aaa}}';

const styleHash = createHash('sha256').update(style).digest('base64');

/** Fields of every answer: nothing of it is kept, framed, guessed at or extended, and no script runs. */
export const safeFields: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  pragma: 'no-cache',
  // With none at all, browsers would not say either whose page a form comes from.
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
};

const names: Readonly<Record<string, string>> = {
  rpl: 'replication: keeps the messages of your groups while you are away, and cannot read them',
  psh: 'push: wakes your device when there is something new',
};

/** Asks which services an app may use; the form goes to the URL that the page has, with a field that nobody sees. */
export function consentPage(
  client: string,
  services: readonly (readonly [string, string])[],
  [field, mark]: readonly [string, string],
): string {
  const boxes = services.map(
    ([name, endpoint]) =>
      `<label><input type="checkbox" name="${escapeHtml(name)}_selected" value="1" checked> ${escapeHtml(names[name] ?? name)} <code>${escapeHtml(endpoint)}</code></label>`,
  );
  return page(
    'Connect services',
    `<p>The app <code>${escapeHtml(client)}</code> asks for:</p>\n<form method="post">\n<input type="hidden" name="${escapeHtml(field)}" value="${escapeHtml(mark)}">\n${boxes.join('\n')}\n<button>Connect</button>\n</form>`,
  );
}

/** Leads on to the app. The first link and the text are for programs that read the page, and for people without the app. */
export function leadingPage(url: string, message: string): string {
  const text = escapeHtml(url);
  return page(
    'Back to the app',
    `<p>${escapeHtml(message)}</p>\n<p><a class="go" href="${text}">Back to the app</a></p>\n<textarea readonly>${text}</textarea>`,
    `<meta http-equiv="refresh" content="0; url=${text}">\n`,
  );
}

function page(title: string, body: string, head = ''): string {
  return `<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n${head}<title>${escapeHtml(title)}</title>\n<style>${style}</style>\n</head>\n<body>\n<h1>${escapeHtml(title)}</h1>\n${body}\n</body>\n</html>\n`;
}

/** Text that means itself within HTML, in attributes with double quotes too. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
