import { apiVersion } from '../api.js';
import type { LoadedPlugin, Mln, Plugin } from '../kernel.js';
import type { OperationEvent } from '../operation.js';
import { claim, type Host, type Project, type Unit } from '../project.js';
import { unknownStatus, type Status } from '../status.js';
import { memoryFilesystem } from './memory-filesystem.js';

/** What the hypervisor in memory is called in `unit.hypervisor`. */
export const MEMORY = 'memory';

/** What is kept in memory in place of a machine. */
export interface Machine {
  /** What every image holds. */
  readonly template: Readonly<Record<string, string>>;
  /** The units that run, by name. */
  readonly up: Set<string>;
  /** What the `event` hook has told. */
  readonly events: OperationEvent[];
  /** What plug-ins have told the user. */
  readonly log: string[];
  /** The projects that are taken to be built. */
  readonly built: Project[];
  /** While an operation is tried: the project's folder, and the units that do not start. */
  operation: { readonly directory: string; readonly project: Project; readonly failing: readonly string[] } | null;
}

/**
 * Runs in memory what nobody else claims, reads images that nobody else reads, and keeps what is told of operations. It
 * is loaded first, and answers last.
 */
export function memoryPlugin(machine: Machine): LoadedPlugin {
  const plugin: Plugin = (mln) => {
    const { hooks } = mln;
    // There is no folder of projects.
    (mln as { projects: Mln['projects'] }).projects = () => Promise.resolve([...machine.built]);
    hooks.resolveUnit.tap({ name: MEMORY, stage: 1000 }, (unit) => (unit.hypervisor === null ? claimed(unit) : unit));
    hooks.emitScripts.tap({ name: MEMORY, stage: 1000 }, (unit, scripts) => {
      if (unit.hypervisor !== MEMORY) return;
      scripts.script('start', script(unit, 'starts'));
      scripts.script('stop', script(unit, 'stops'));
    });
    hooks.filesystem.tapPromise({ name: MEMORY, stage: 1000 }, () =>
      Promise.resolve(memoryFilesystem(machine.template)),
    );
    hooks.monitor.tap({ name: MEMORY, stage: -1000 }, (statuses, units) => {
      const ours = units.filter((unit) => unit.hypervisor === MEMORY);
      return new Map([...statuses, ...ours.map((unit) => [unit.name, statusOf(unit, machine)] as const)]);
    });
    hooks.event.tap({ name: MEMORY, stage: -1000 }, (event) => void machine.events.push(event));
  };
  return { name: MEMORY, version: apiVersion, api: `^${apiVersion}`, source: MEMORY, options: {}, plugin };
}

function claimed(unit: Unit): Unit {
  if (unit.kind === 'switch') return claim(unit, MEMORY);
  const disks = unit.disks.map((disk, index) => ({ ...disk, device: `/dev/vd${String.fromCharCode(97 + index)}` }));
  return claim<Host>(unit, MEMORY, { disks, console: 'hvc0', macPrefix: '02:00' });
}

function script({ name }: Unit, what: string): string {
  return `#!/bin/sh\n# The hypervisor in memory ${what} ${name}.\n`;
}

function statusOf(unit: Unit, { up }: Machine): Status {
  const runs = up.has(unit.name);
  return {
    ...unknownStatus,
    state: runs ? 'up' : 'down',
    ready: runs && unit.kind === 'host' ? true : null,
    memory: runs && unit.kind === 'host' ? unit.memory : null,
  };
}
