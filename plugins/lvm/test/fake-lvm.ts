import type { ShellResult } from '@mln/core';
import { fakeShell } from '../../../test/support/examine.js';
import type { Shell } from '@mln/core';

/** A volume of the fake; its image is what dd has written last. */
export interface FakeVolume {
  group: string;
  name: string;
  size: number;
  tags: string[];
  origin: string;
  pool: string;
  open: boolean;
  used: string;
  noted: string;
  attr: string;
  image: string | null;
}

/**
 * LVM 2.03 as its programs answer, over volumes in a map: groups have extents of 4 MiB, and words are those of
 * lvm2 2.03.16. `calls` are the commands that changed something, as they were given.
 */
export interface FakeLvm {
  shell: Shell;
  readonly volumes: Map<string, FakeVolume>;
  readonly groups: Map<string, number>;
  readonly calls: string[];
  /** Fails every call that begins so, once it has been done (`after`) or instead of it. */
  fail: { readonly call: string; readonly after?: boolean } | null;
  /** The volumes as `GROUP/NAME SIZE`, in MiB. */
  list(): string[];
  add(path: string, volume?: Partial<FakeVolume>): void;
}

const EXTENT = 4 * 1024 * 1024;
const failed = (stderr: string): Partial<ShellResult> => ({ exitCode: 5, stderr: `  ${stderr}\n` });

export function fakeLvm(groups: Readonly<Record<string, number>>): FakeLvm {
  const lvm: FakeLvm = {
    volumes: new Map(),
    groups: new Map(Object.entries(groups)),
    calls: [],
    fail: null,
    list: () =>
      [...lvm.volumes].map(([path, { size, origin }]) =>
        [path, size / 1024 / 1024, ...(origin === '' ? [] : ['of', origin])].join(' '),
      ),
    add(path, volume = {}) {
      const [group = '', name = ''] = path.split('/');
      const empty = { group, name, size: EXTENT, tags: [], origin: '', pool: '', open: false, image: null };
      const looks = { used: '', noted: '', attr: '-wi-a-----' };
      lvm.volumes.set(path, { ...empty, ...looks, ...volume });
    },
    shell: fakeShell((named, given) => {
      // What takes long ends with whoever has begun it.
      const mortal = named === 'setpriv' && given.slice(0, 2).join(' ') === '--pdeathsig KILL';
      const [program = '', ...args] = mortal ? given.slice(2) : [named, ...given];
      if (program === 'lvs') return lvs(lvm, args);
      if (program === 'vgs') return vgs(lvm);
      if (!mortal && ['dd', 'blkdiscard'].includes(program)) return failed(`${program} would outlive mln`);
      const call = [program, ...args].join(' ');
      lvm.calls.push(call);
      const fails = lvm.fail !== null && call.startsWith(lvm.fail.call) ? lvm.fail : null;
      if (fails && fails.after !== true) return failed('it fails');
      const result = act(lvm, program, args);
      return fails ? failed('it fails') : result;
    }),
  };
  return lvm;
}

function act(lvm: FakeLvm, program: string, args: readonly string[]): Partial<ShellResult> | string | null {
  switch (program) {
    case 'lvcreate':
      return lvcreate(lvm, args);
    case 'lvremove':
      for (const path of args.slice(1)) {
        const found = lvm.volumes.get(path);
        if (!found) return failed(`Failed to find logical volume "${path}"`);
        if (found.open) return failed(`Logical volume ${path} in use.`);
        // So LVM does: snapshots that are not thin go with what they stand on.
        for (const [each, { group, origin, pool }] of lvm.volumes)
          if (pool === '' && origin !== '' && `${group}/${origin}` === path) lvm.volumes.delete(each);
        lvm.volumes.delete(path);
      }
      return '';
    case 'lvrename': {
      const [group = '', from = '', to = ''] = args;
      const found = lvm.volumes.get(`${group}/${from}`);
      if (!found) return failed(`Existing logical volume "${from}" not found in volume group "${group}"`);
      if (lvm.volumes.has(`${group}/${to}`))
        return failed(`Logical Volume "${to}" already exists in volume group "${group}"`);
      lvm.volumes.delete(`${group}/${from}`);
      lvm.volumes.set(`${group}/${to}`, { ...found, name: to });
      for (const each of lvm.volumes.values()) if (each.group === group && each.origin === from) each.origin = to;
      return '';
    }
    case 'lvextend': {
      const found = lvm.volumes.get(args[2] ?? '');
      if (!found) return failed('not found');
      const size = extents(args[1] ?? '');
      if (size === found.size) return failed('New size matches existing size.');
      found.size = size;
      return '';
    }
    case 'dd': {
      const device = (args[1] ?? '').replace('of=/dev/', '');
      const found = lvm.volumes.get(device);
      if (!found) return failed(`failed to open ${device}`);
      found.image = (args[0] ?? '').replace('if=', '');
      return '';
    }
    case 'lvchange': {
      const found = lvm.volumes.get(args.at(-1) ?? '');
      if (!found) return failed(`Failed to find logical volume "${args.at(-1) ?? ''}"`);
      for (const [index, tag] of args.entries()) {
        if (args[index - 1] === '--addtag') found.tags.push(tag);
        if (args[index - 1] === '--deltag') found.tags = found.tags.filter((each) => each !== tag);
      }
      return '';
    }
    default:
      return program === 'blkdiscard' ? '' : null;
  }
}

function lvcreate(lvm: FakeLvm, args: readonly string[]): Partial<ShellResult> | string {
  const value = (flag: string): string | undefined => {
    const at = args.indexOf(flag);
    return at < 0 ? undefined : args[at + 1];
  };
  const [group = '', origin = ''] = (args.at(-1) ?? '').split('/');
  const name = value('--name') ?? '';
  const free = lvm.groups.get(group);
  if (free === undefined) return failed(`Volume group "${group}" not found`);
  if (lvm.volumes.has(`${group}/${name}`))
    return failed(`Logical Volume "${name}" already exists in volume group "${group}"`);
  const stood = lvm.volumes.get(`${group}/${origin}`);
  if (args.includes('--snapshot') && !stood)
    return failed(`Snapshot origin LV ${origin} not found in Volume group ${group}.`);
  const pool = value('--thinpool') ?? stood?.pool ?? '';
  const size = extents(value('--size') ?? value('--virtualsize') ?? `${stood?.size ?? 0}b`);
  if (pool === '' && size > free)
    return failed(
      `Volume group "${group}" has insufficient free space (${Math.floor(free / EXTENT)} extents): ${size / EXTENT} required.`,
    );
  if (pool === '') lvm.groups.set(group, free - size);
  const tags = args.flatMap((each, index) => (args[index - 1] === '--addtag' ? [each] : []));
  lvm.add(`${group}/${name}`, { size, tags, origin, pool, image: stood?.image ?? null });
  return '';
}

function extents(size: string): number {
  return Math.ceil(Number(size.replace(/b$/, '')) / EXTENT) * EXTENT;
}

function lvs({ volumes }: FakeLvm, args: readonly string[]): string {
  const selection = args[args.indexOf('-S') + 1] ?? '';
  const lv = [...volumes.values()]
    .map(({ group, name, size, tags, origin, pool, open, used, noted, attr }) => ({
      vg_name: group,
      lv_name: name,
      lv_attr: attr,
      lv_size: String(size),
      lv_tags: tags.join(','),
      origin,
      pool_lv: pool,
      lv_device_open: open ? 'open' : '',
      data_percent: used,
      metadata_percent: noted,
    }))
    .filter((row) => selects(selection, row));
  return JSON.stringify({ report: [{ lv }] });
}

function vgs({ groups }: FakeLvm): string {
  const vg = [...groups].map(([name, free]) => ({ vg_name: name, vg_free: String(free) }));
  return JSON.stringify({ report: [{ vg }] });
}

/** Selections of lvmreport(7): fields compared with texts, `&&` before `||`, parentheses. */
function selects(selection: string, row: Readonly<Record<string, string>>): boolean {
  const tokens = selection.match(/\(|\)|&&|\|\||\w+!?="[^"]*"/g) ?? [];
  let at = 0;
  const one = (): boolean => {
    const token = tokens[at++] ?? '';
    if (token === '(') {
      const inside = any();
      at += 1;
      return inside;
    }
    const [, field = '', operator, text] = /^(\w+)(!?=)"(.*)"$/.exec(token) ?? [];
    if (!(field in row)) throw new Error(`${token} in ${selection}`);
    return (row[field] === text) === (operator === '=');
  };
  const both = (): boolean => {
    let result = one();
    while (tokens[at] === '&&') {
      at += 1;
      result = one() && result;
    }
    return result;
  };
  const any = (): boolean => {
    let result = both();
    while (tokens[at] === '||') {
      at += 1;
      result = both() || result;
    }
    return result;
  };
  return any();
}
