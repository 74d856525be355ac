import { createHash } from 'node:crypto';
import type { Stood } from './guest-layer.js';
import type { GuestRecord, RecordEntry } from './guest-record.js';

/** Bytes up to which a content that is text stands in the JSON text itself. */
const SHORT = 1024;

/** What stood at a path, in few letters: `c` is a content's number, `t` a short content. */
interface Packed {
  readonly k: Stood['type'];
  readonly m?: number;
  readonly u?: number;
  readonly g?: number;
  readonly to?: string;
  readonly one?: boolean;
  readonly n?: number;
  readonly h?: string;
  readonly c?: number;
  readonly t?: string;
}

interface PackedEntry {
  readonly p: string;
  readonly w: Packed;
  readonly o: Packed;
  readonly i?: Packed;
}

/** A record as plain values, and the contents that are no short texts. */
export function packRecord({ entries }: GuestRecord): { text: { entries: PackedEntry[] }; contents: Buffer[] } {
  const contents: Buffer[] = [];
  const numbers = new Map<string, number>();
  const pack = (stood: Stood): Packed => {
    if (stood.type === 'absent' || stood.type === 'other') return { k: stood.type };
    const { type: k, owner: u, group: g } = stood;
    if (stood.type === 'symlink') return { k, u, g, to: stood.target };
    const common = { k, m: stood.mode, u, g };
    if (stood.type === 'directory') return { ...common, ...(stood.asOne ? { one: true } : {}) };
    const { size: n, sha256: h, content } = stood;
    if (!content) return { ...common, n, h };
    const text = n <= SHORT ? content.toString() : null;
    // Its size and digest follow from it.
    if (text !== null && Buffer.from(text).equals(content)) return { ...common, t: text };
    const c = numbers.get(h) ?? contents.push(content) - 1;
    numbers.set(h, c);
    return { ...common, n, h, c };
  };
  const packed = entries.map(({ path: p, written, original, wanted }): PackedEntry => ({
    p,
    w: pack(written),
    o: pack(original),
    ...(wanted ? { i: pack(wanted) } : {}),
  }));
  return { text: { entries: packed }, contents };
}

/** Throws a TypeError where it is no record: it may come from another machine. */
export function unpackRecord(text: unknown, contents: readonly Buffer[]): GuestRecord {
  const { entries } = text as { entries: unknown };
  if (!Array.isArray(entries)) throw new TypeError('it has no entries');
  const found = entries.map((entry: unknown): RecordEntry => {
    const { p, w, o, i } = Object(entry) as PackedEntry;
    const wanted = i === undefined ? {} : { wanted: unpack(i, contents) };
    return { path: pathIn(p), written: unpack(w, contents), original: unpack(o, contents), ...wanted };
  });
  if (new Set(found.map(({ path }) => path)).size !== found.length) throw new TypeError('it names a path twice');
  return { entries: found };
}

function pathIn(path: unknown): string {
  const isPath = typeof path === 'string' && path.length <= 4096 && /^(?:\/[^/\0-\x1f\x7f]+)+$/.test(path);
  if (!isPath || path.split('/').some((part) => part === '.' || part === '..'))
    throw new TypeError('it has a path that is none');
  return path;
}

function unpack(packed: unknown, contents: readonly Buffer[]): Stood {
  const { k, m, u, g, to, one, n, h, c, t } = Object(packed) as Packed;
  const number = (value: unknown, most: number): number => {
    if (!Number.isInteger(value) || Number(value) < 0 || Number(value) > most) throw new TypeError('it has no number');
    return Number(value);
  };
  const owners = (): { owner: number; group: number } => ({
    owner: number(u, 2 ** 32 - 1),
    group: number(g, 2 ** 32 - 1),
  });
  const mode = (): number => number(m, 0o7777);
  switch (k) {
    case 'absent':
    case 'other':
      return { type: k };
    case 'symlink':
      if (typeof to !== 'string' || to.length > 4096 || /[\0-\x1f\x7f]/.test(to))
        throw new TypeError('it has a link that is none');
      return { type: k, target: to, ...owners() };
    case 'directory':
      return { type: k, mode: mode(), ...owners(), asOne: one === true };
    case 'file': {
      const content =
        typeof t === 'string' ? Buffer.from(t) : c === undefined ? null : contents[number(c, contents.length - 1)];
      const size = content ? content.length : number(n, Number.MAX_SAFE_INTEGER);
      const sha256 = content ? createHash('sha256').update(content).digest('hex') : h;
      if (typeof sha256 !== 'string' || (h !== undefined && h !== sha256)) throw new TypeError('it has a wrong digest');
      return { type: k, mode: mode(), ...owners(), size, sha256, content: content ?? null };
    }
    default:
      throw new TypeError('it has an entry of an unknown type');
  }
}
