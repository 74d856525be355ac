import { dirname } from 'node:path';
import pc from 'picocolors';
import { table } from '../terminal.js';
import type { Item } from './items.js';
import type { Seen, State } from './look.js';

/** What is said of each state: when it was made, when it would be, and when it is only looked at. */
const words: Readonly<Record<'made' | 'dry' | 'check', Readonly<Record<State, string>>>> = {
  made: {
    ok: 'there',
    own: 'yours, kept',
    missing: 'made',
    outdated: 'made anew',
    changed: 'changed, kept',
    foreign: 'not ours, kept',
  },
  dry: {
    ok: 'there',
    own: 'yours, stays',
    missing: 'would be made',
    outdated: 'would be made anew',
    changed: 'changed, stays',
    foreign: 'not ours, stays',
  },
  check: {
    ok: 'there',
    own: 'there',
    missing: 'missing',
    outdated: 'outdated',
    changed: 'changed',
    foreign: 'not ours',
  },
};

const marks: Readonly<Record<State, () => string>> = {
  ok: () => pc.green('✓'),
  own: () => pc.green('✓'),
  missing: () => pc.green('✓'),
  outdated: () => pc.green('✓'),
  changed: () => pc.yellow('!'),
  foreign: () => pc.red('✗'),
};

/** A line for each thing; many of one kind in one folder are one line. */
export function report(seen: readonly Seen[], manner: keyof typeof words): string {
  const groups = new Map<string, Seen[]>();
  for (const each of seen) {
    const { what, kind, path } = each.item;
    const key =
      what === 'manual page' ? JSON.stringify([what, each.state, dirname(path)]) : JSON.stringify([kind, path]);
    groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  const rows = [...groups.values()].map((group) => {
    const [{ item, state } = { item: nothing, state: 'ok' } as const] = group;
    const many = group.length > 1;
    const bad = manner === 'check' && (state === 'missing' || state === 'outdated');
    return [
      `${bad ? pc.red('✗') : marks[state]()} ${words[manner][state]}`,
      many ? `${group.length} ${item.what}s` : `${item.kind === 'folder' ? 'folder: ' : ''}${item.what}`,
      many ? `${dirname(item.path)}/` : item.path,
    ];
  });
  return table(rows);
}

const nothing: Item = { kind: 'folder', what: '', path: '', mode: 0 };

/** What would be written, file by file; of manual pages and scripts only the names. */
export function contents(seen: readonly Seen[]): string {
  const shown = seen.flatMap(({ item, state }) =>
    (state === 'missing' || state === 'outdated') && item.kind === 'file' && !/^(?:manual|completion)/.test(item.what)
      ? [`${pc.bold(item.path)}\n${item.text.replace(/^(?=.)/gm, '    ')}`]
      : [],
  );
  return shown.join('\n');
}
