import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Links of a Markdown file that lead nowhere: to a file that is not there, or to a heading that its file has not.
 * Links to other hosts are not followed.
 */
export function deadLinks(file: string, text: string): string[] {
  const prose = text.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').replace(/`[^`\n]*`/g, '');
  const targets = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)].map(
    (match) => match[1] ?? '',
  );
  const references = [...prose.matchAll(/^\[[^\]]+\]:\s+(\S+)/gm)].map((match) => match[1] ?? '');
  const images = [...prose.matchAll(/<(?:img|a)\b[^>]*\b(?:src|href)="([^"]+)"/g)].map(
    (match) => match[1] ?? '',
  );
  return [...targets, ...references, ...images].filter((target) => isDead(file, text, target));
}

function isDead(file: string, text: string, target: string): boolean {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return false;
  const [place = '', fragment] = target.split('#');
  const linked = place === '' ? file : path.resolve(path.dirname(file), decodeURIComponent(place));
  if (place !== '' && !existsSync(linked)) return true;
  if (fragment === undefined || !/\.md$/.test(linked)) return false;
  return !headings(place === '' ? text : readFileSync(linked, 'utf8')).includes(fragment);
}

/** The fragments of a file's headings, made as code forges make them. */
function headings(text: string): string[] {
  const seen = new Map<string, number>();
  return [...text.replace(/^(```|~~~)[\s\S]*?^\1/gm, '').matchAll(/^#{1,6}\s+(.*?)\s*#*$/gm)].map((match) => {
    const slug = (match[1] ?? '')
      .toLowerCase()
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${times}`;
  });
}
