import { createHash, randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { failure, makerTag, splitMaker, type Mln, type Shell } from '@mln/core';
import { makeVolume } from './make.js';
import { roomIn } from './names.js';
import { foreign, templateOf, TEMPLATE } from './tags.js';
import { findVolumes, isTaken, named, runLvm, type Volume } from './volumes.js';

/*
 * What snapshots stand on: a template as a volume of the group, imported once for each version and read-only ever
 * after. A group belongs to a whole machine, or to several, and so no lock of a projects folder is asked: what LVM does
 * in one command is what all go by.
 *
 *   template+…+DIGEST                the template
 *   template+…+DIGEST+new.CHANCE     is being imported; a tag tells who does it, so that what the dead left can go
 *   template+…+DIGEST+gone.CHANCE    is being removed: nobody makes a snapshot of it any more
 */

/** Where a template's volume is to lie. */
export interface Wanted {
  readonly group: string;
  /** Null: it is thick. */
  readonly pool: string | null;
  readonly image: string;
  /** Bytes; null: as large as the image. */
  readonly size: number | null;
}

export interface TemplateVolumes {
  /** Gives the name of a template's volume, which is imported at its first use. */
  import(wanted: Wanted): Promise<string>;
  /** GROUP/NAME of what an import makes, and what it takes: nothing where it is there. Bytes. */
  room(wanted: Wanted): { readonly name: string; takes(): Promise<number> };
}

export function createTemplateVolumes({ shell }: Pick<Mln, 'shell'>): TemplateVolumes {
  const importing = new Map<string, Promise<string>>();
  return {
    async import(wanted) {
      const name = nameOf(wanted);
      const key = `${wanted.group}/${name}`;
      // Hosts that are built at once share one import.
      const begun = importing.get(key) ?? importOnce(shell, wanted, name);
      importing.set(key, begun);
      try {
        return await begun;
      } finally {
        // Another command of this process looks again.
        importing.delete(key);
      }
    },
    room(wanted) {
      const name = nameOf(wanted);
      const takes = async (): Promise<number> =>
        (await findVolumes(shell, named(wanted.group, [name]))).length > 0 ? 0 : sizeOf(wanted);
      return { name: `${wanted.group}/${name}`, takes };
    },
  };
}

/** Milliseconds between two looks at what another process imports. */
const PATIENCE = 500;

async function importOnce(shell: Shell, wanted: Wanted, name: string): Promise<string> {
  for (;;) {
    const all = await findVolumes(shell, `vg_name="${wanted.group}"`);
    const whole = all.find((volume) => volume.name === name);
    if (whole) return requireTemplate(whole).name;
    const begun = all.filter((volume) => volume.name.startsWith(`${name}+new.`) && templateOf(volume) !== null);
    for (const volume of begun) if (!isBeingMade(volume)) await removeQuietly(shell, volume);
    if (begun.some(isBeingMade)) await pause(PATIENCE);
    else if (await make(shell, wanted, name)) return name;
  }
}

/** False where somebody else was quicker. */
async function make(shell: Shell, wanted: Wanted, name: string): Promise<boolean> {
  const { group, pool, image } = wanted;
  const made = { group, name: `${name}+new.${chance()}` };
  const tags = [`${TEMPLATE}${name.split('+').slice(1, -1).join(':')}`, `${MAKER}${makerTag()}`];
  try {
    await makeVolume(shell, { ...made, pool, tags, size: sizeOf(wanted), image });
    await runLvm(shell, 'lvchange', ['--permission', 'r', `${group}/${made.name}`]);
    await runLvm(shell, 'lvrename', [group, made.name, name]);
    return true;
  } catch (error) {
    await removeQuietly(shell, made);
    if (isTaken(error, name)) return false;
    throw error;
  }
}

/**
 * Removes a template's volume, unless somebody makes a snapshot of it just now: LVM would remove the snapshot with it.
 * Under another name it gets no more of them, and those it has got can be counted. Tells whether it is gone.
 */
export async function removeTemplate(shell: Shell, { group, name }: Pick<Volume, 'group' | 'name'>): Promise<boolean> {
  const gone = `${name.replace(/\+(?:gone|new)\.[0-9a-f]+$/, '')}+gone.${chance()}`;
  await runLvm(shell, 'lvrename', [group, name, gone]);
  const standing = await findVolumes(shell, `vg_name="${group}" && origin="${gone}"`);
  if (standing.length === 0) {
    await runLvm(shell, 'lvremove', ['--yes', `${group}/${gone}`]);
    return true;
  }
  try {
    await runLvm(shell, 'lvrename', [group, gone, name]);
  } catch (error) {
    // Imported anew meanwhile: what stands on this one stands on it under any name.
    if (!isTaken(error, name)) throw error;
  }
  return false;
}

/** What a template's volume has as a tag that begins so: who imported it. */
const MAKER = 'mln-maker:';

/** Whether a volume is being imported by a process that lives. */
export function isBeingMade({ name, tags }: Volume): boolean {
  const maker = tags.find((tag) => tag.startsWith(MAKER))?.slice(MAKER.length) ?? '';
  return /\+new\.[0-9a-f]+$/.test(name) && splitMaker(maker)?.lives === true;
}

/** What somebody else removes meanwhile, or still has open, is left to whoever comes next. */
async function removeQuietly(shell: Shell, { group, name }: Pick<Volume, 'group' | 'name'>): Promise<void> {
  await runLvm(shell, 'lvremove', ['--yes', `${group}/${name}`]).catch(() => undefined);
}

function requireTemplate(volume: Volume): Volume {
  if (templateOf(volume) !== null) return volume;
  throw failure('MLN_NOT_OURS', foreign(volume), {
    hint: `nothing was changed; lvrename ${volume.group} ${volume.name} NAME makes room for a template`,
  });
}

function sizeOf({ image, size }: Wanted): number {
  return size ?? statSync(image).size;
}

/** What a name may get behind it: +gone.CHANCE. */
const BEHIND = 14;

/** A name that tells a person which template it is, and by its digest the version, wherever the image lies. */
function nameOf({ group, image, pool, size }: Wanted): string {
  const { size: bytes, mtimeMs, ctimeMs } = statSync(image);
  // NAME/VERSION/image in the repository of templates, or any file.
  const [name, version] = [basename(dirname(dirname(image))), basename(dirname(image))];
  const called = basename(image) === 'image' ? `${name}+${version}` : basename(image);
  const kind = pool === null ? 'thick' : `thin-${pool}`;
  const which = createHash('sha256')
    .update([image, bytes, mtimeMs, ctimeMs, kind, size ?? bytes].join('\0'))
    .digest('hex')
    .slice(0, 8);
  const room = roomIn(group) - BEHIND - `template++${which}`.length;
  return `template+${called.replace(/[^A-Za-z0-9+.]/g, '.').slice(0, Math.max(0, Math.min(60, room)))}+${which}`;
}

function chance(): string {
  return randomBytes(4).toString('hex');
}
