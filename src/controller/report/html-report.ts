import { createHash } from 'node:crypto';
import type { Judgement } from '../judging/judgement.js';
import { pageScript } from './page-script.js';
import { pageStyle } from './page-style.js';

/**
 * A judgement as one page that needs nothing else: no network, no other file. The page may do nothing but run its own
 * script and show its own style. Throws `REPORT_PAGE` where the page's program was not built.
 */
export function htmlReport(judgement: Judgement): string {
  const script = pageScript();
  const policy = [
    "default-src 'none'",
    `script-src ${digest(script)}`,
    `style-src ${digest(pageStyle)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const title = `${judgement.verdict.toUpperCase()}: ${judgement.plan.scenario}, run ${judgement.run}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)}</title>
<style>${pageStyle}</style>
</head>
<body>
<p>${escapeHtml(title)}. The report needs JavaScript to be shown.</p>
<script type="application/json" id="judgement">${scriptJson(judgement)}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** JSON that cannot end the element that it stands in, nor begin a comment in it, nor break a line of a script. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function digest(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => entities[char] ?? char);
}
