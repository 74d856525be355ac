// @ts-check
import { readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

/** @import { Mln, Project, Status, Unit } from '@mln/core' */

/** Bytes of memory in a page, and clock ticks in a second. */
const [PAGE, TICKS] = [4096, 100];

/**
 * Tells which toys run, by their pids and proc(5); no guest is asked.
 *
 * @param {Mln['core']} core
 * @param {ReadonlyMap<string, Status>} statuses
 * @param {readonly Unit[]} units
 * @param {Project} project
 */
export function monitor(core, statuses, units, project) {
  const ours = units.filter(({ hypervisor }) => hypervisor === 'toy');
  return new Map([...statuses, ...ours.map((unit) => entryOf(core, unit, project))]);
}

/** @type {(core: Mln['core'], unit: Unit, project: Project) => [name: string, status: Status]} */
function entryOf({ readyMark, unknownStatus }, unit, project) {
  const folder = join(project.directory, unit.name);
  /** @type {Status} */
  const down = { ...unknownStatus, state: 'down' };
  const pid = read(join(folder, 'pid')).trim();
  if (pid === '') return [unit.name, down];
  const place = folderOf(pid);
  if (place === null) return [unit.name, { ...down, state: 'unknown', detail: 'it belongs to another user' }];
  if (place !== realpathSync(folder))
    return [unit.name, { ...down, detail: 'it has died; mln clean takes away what it left' }];
  // Behind the name in parentheses: user and system time are fields 14 and 15.
  const fields = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ');
  const ready =
    unit.kind === 'host' ? read(join(folder, 'console.log')).includes(readyMark(unit.name, project.name)) : null;
  const memory = Number(read(`/proc/${pid}/statm`).split(' ')[1]) * PAGE;
  const cpu = (Number(fields[11]) + Number(fields[12])) / TICKS;
  return [unit.name, { ...down, state: 'up', id: Number(pid), ready, memory, cpu }];
}

/** The folder that a process works in: empty where there is no such process, null where that may not be known. */
function folderOf(/** @type {string} */ pid) {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch (error) {
    return /^E(?:ACCES|PERM)/.test(String(Object(error).code)) ? null : '';
  }
}

/** A file's text; empty where there is none. */
function read(/** @type {string} */ path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
