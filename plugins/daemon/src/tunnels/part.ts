import { readlinkSync } from 'node:fs';
import { access, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, isName, type Project, type Server, type Switch } from '@mln/core';
import { projectHere } from '../fleet/projects.js';
import type { Daemon } from '../server/route.js';
import { isTunnelled, ownPlace, shapeOf, type Shape } from './shape.js';
import { bridgeWith } from './vxlan.js';

/** The part of a switch that is on this server. */
export interface LocalPart {
  readonly project: Project;
  readonly unit: Switch;
  readonly shape: Shape;
  /** What this server is among those of the switch. */
  readonly own: Server;
  /** The switch's own folder. */
  readonly folder: string;
}

/** What the part of a switch is, while it runs. */
export type Running = { readonly kind: 'vde' } | { readonly kind: 'bridge'; readonly bridge: string };

/** Finds the part of a switch that tunnels join to others; null where there is none of it here, or nothing joins it. */
export function partOf(daemon: Daemon, project: Project, name: string): LocalPart | null {
  // The state of a project of guests' users is their word.
  if (!isName(project.name) || !isName(name))
    throw failure('MLN_BAD_STATE', `the state of ${project.name} names a switch that cannot be`);
  const unit = project.switches.find((each) => each.name === name);
  if (!unit) throw failure('MLN_NO_UNIT', `the project ${project.name} has no switch ${name}`);
  if (!isTunnelled(unit, project)) return null;
  const shape = shapeOf(unit, project);
  const own = ownPlace(shape, daemon.name);
  return own === undefined ? null : { project, unit, shape, own, folder: join(project.directory, name) };
}

/** The same, for others that ask for it. Throws MLN_NO_UNIT. */
export async function requirePart(daemon: Daemon, project: string, name: string): Promise<LocalPart> {
  const part = partOf(daemon, await projectHere(daemon, project), name);
  if (part) return part;
  throw failure('MLN_NO_UNIT', `the switch ${name}.${project} has no part on ${here(daemon)} that is joined to others`);
}

/**
 * Tells what a part is while it runs: a vde_switch(1), which its pid file names and which works in its folder, or a bridge,
 * which bears the alias `mln:PROJECT:SWITCH:…`. Null: it does not run.
 */
export async function runningPart(daemon: Daemon, { project, unit, folder }: LocalPart): Promise<Running | null> {
  if (await listens(folder)) return (await runsIn(folder)) ? { kind: 'vde' } : null;
  if (unit.hypervisor === 'uml') return null;
  const bridge = await bridgeWith(daemon.mln.shell, `mln:${project.name}:${unit.name}:`);
  return bridge === null ? null : { kind: 'bridge', bridge };
}

/** What this server is called in messages. */
export function here({ name }: Pick<Daemon, 'name'>): string {
  return name ?? 'this machine';
}

function listens(folder: string): Promise<boolean> {
  return access(join(folder, 'ctl/ctl')).then(
    () => true,
    () => false,
  );
}

async function runsIn(folder: string): Promise<boolean> {
  try {
    const pid = (await readFile(join(folder, 'pid'), 'utf8')).trim();
    return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`) === (await realpath(folder));
  } catch {
    return false;
  }
}
