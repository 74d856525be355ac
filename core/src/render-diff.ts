import pc from 'picocolors';
import type { Change, Difference } from './diff.js';
import { diffLines, type ChangedLine } from './line-diff.js';
import { quoteWord } from './tree.js';

const signs = { added: pc.green('+'), removed: pc.red('-'), changed: pc.yellow('~') } as const;

/** Writes differences for people: a line for each keyword, of texts the lines that changed. Units that changed alike stand together. */
export function renderDifferences(differences: readonly Difference[]): string {
  return alike(differences)
    .flatMap(([names, difference]) => [head(names, difference), ...difference.changes.flatMap(changeLines)])
    .join('\n');
}

/** Groups what changed in the same way, in the order of the first of each group. */
function alike(differences: readonly Difference[]): readonly (readonly [names: readonly string[], Difference])[] {
  const groups = new Map<string, [string[], Difference]>();
  for (const difference of differences) {
    const { name, ...rest } = difference;
    const key =
      difference.changes.length > 0 && difference.was === null ? JSON.stringify(rest) : `${rest.kind} ${name}`;
    const known = groups.get(key);
    if (known) known[0].push(name);
    else groups.set(key, [[name], difference]);
  }
  return [...groups.values()];
}

function head(names: readonly string[], { kind, was, change }: Difference): string {
  const renamed = was === null ? '' : ` (was ${was})`;
  return `${signs[change]} ${kind} ${pc.bold(names.join(', '))}${renamed}`;
}

function changeLines({ path, old, new: now, secret }: Change): string[] {
  const sign = signs[old === null ? 'added' : now === null ? 'removed' : 'changed'];
  const start = `  ${sign} ${visible(path.map(pathWord).join(' '))}`;
  if (typeof old === 'object' && typeof now === 'object') {
    const lines = diffLines(old ?? [], now ?? []).map(textLine);
    return lines.length === 0 && secret ? [`${start}: a secret, changed`] : [start, ...lines];
  }
  const [before, after] = [oneLine(old ?? now), oneLine(now ?? old)];
  if (before !== after) return [`${start}: ${before || '(nothing)'} → ${after || '(nothing)'}`];
  const value = secret && old !== null && now !== null ? `${before}, changed` : before;
  return [value === '' ? start : `${start}: ${value}`];
}

function pathWord(word: string): string {
  return /^\S+$/.test(word) ? word : quoteWord(word);
}

function oneLine(value: Change['old']): string {
  return visible(typeof value === 'string' ? value : (value ?? []).join(' '));
}

function textLine({ sign, line }: ChangedLine): string {
  const colour = sign === '-' ? pc.red : pc.green;
  return colour(`    ${sign} ${visible(line)}`.trimEnd());
}

/** Control characters as pictures: a project file does not steer the terminal. */
function visible(text: string): string {
  return text.replace(/[\0-\x08\x0a-\x1f\x7f-\x9f]/g, (sign) => {
    const code = sign.charCodeAt(0);
    return code < 32 ? String.fromCharCode(0x2400 + code) : '␡';
  });
}
