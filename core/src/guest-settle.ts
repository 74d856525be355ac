import type { Node } from './guest-edits.js';
import { sameContent, sameStood, stoodOf, type Layer, type Stood } from './guest-layer.js';
import { linesOf, matchLines } from './guest-lines.js';
import { bringInto, isText } from './guest-merge.js';
import type { GuestRecord } from './guest-record.js';

export interface Settling {
  /** What is to stand, by path. */
  readonly changed: Map<string, Node>;
  /** Paths that were written without a look at what stood there. */
  readonly blind: ReadonlySet<string>;
  /** What mln wrote before. */
  readonly record: GuestRecord;
  /** The guest without it. */
  readonly start: Layer;
  /** The guest as it is. */
  readonly present: Layer;
}

/**
 * Sees to files that the guest has changed since mln wrote them. A plug-in that writes a file anew, whatever stood there,
 * cannot have kept what the guest did: that is brought in. Where a project says what it said before, the guest's own stays;
 * where it says something else, that counts. A file that would only have the same lines in another order stays as it is.
 * Gives what mln itself would have written to such files: it is what to compare with next time.
 */
export async function settled({
  changed,
  blind,
  record,
  start,
  present,
}: Settling): Promise<ReadonlyMap<string, Stood>> {
  const wishes = new Map<string, Stood>();
  for (const { path, written, wanted: wish } of record.entries) {
    const node = changed.get(path);
    if (!node || node.type === 'removed' || node.type === 'directory') continue;
    const now = await present.stood(path);
    const isOwn = wish !== undefined || !sameStood(now, written);
    if (!isOwn || now.type === 'absent' || now.type === 'directory') continue;
    const wanted = stoodOf(node);
    if (blind.has(path)) keep(changed, path, blindly(now, wish ?? written, wanted));
    else if (wanted.type === 'file' && now.type === 'file') {
      const before = await start.stood(path);
      if (before.type === 'file' && isReordered(now.content, before.content, wanted.content))
        keep(changed, path, { ...wanted, content: now.content });
    }
    if (changed.get(path) !== node) wishes.set(path, wanted);
  }
  return wishes;
}

function keep(changed: Map<string, Node>, path: string, stood: Stood | null): void {
  if (stood?.type === 'symlink') changed.set(path, stood);
  else if (stood?.type === 'file' && stood.content) {
    const { type, mode, owner, group, content } = stood;
    changed.set(path, { type, mode, owner, group, content });
  }
}

/** What is to stand at a path that mln writes anew; null where that is what mln writes. */
function blindly(now: Stood, written: Stood, wanted: Stood): Stood | null {
  if (now.type === 'file' && written.type === 'file' && wanted.type === 'file') {
    const attributes = {
      mode: wanted.mode === written.mode ? now.mode : wanted.mode,
      owner: wanted.owner === written.owner ? now.owner : wanted.owner,
      group: wanted.group === written.group ? now.group : wanted.group,
    };
    if (sameContent(wanted, written)) return { ...now, ...attributes };
    if (sameContent(now, written)) return { ...wanted, ...attributes };
    if (!isText(now.content) || !isText(written.content) || !isText(wanted.content)) return null;
    return { ...wanted, ...attributes, content: bringInto(now.content, written.content, wanted.content) };
  }
  return sameStood(wanted, written) ? now : null;
}

/** Whether a text is made of the same lines as the wanted one: those that mln adds, and those that it finds, each in their order. */
function isReordered(now: Buffer | null, before: Buffer | null, wanted: Buffer | null): boolean {
  if (!isText(now) || !isText(before) || !isText(wanted)) return false;
  const lines = linesOf(wanted);
  const found = new Set(matchLines(linesOf(before), lines));
  const kept = lines.filter((_, index) => found.has(index));
  const added = lines.filter((_, index) => !found.has(index));
  for (const line of linesOf(now)) {
    if (line === added[0]) added.shift();
    else if (line === kept[0]) kept.shift();
    else return false;
  }
  return added.length === 0 && kept.length === 0;
}
