import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach } from '@jest/globals';
import { unitsOf, type Look, type Status } from '@mln/core';
import { domainUuid } from '../src/identity.js';
import { monitor } from '../src/monitor.js';
import type { FakeDomain, FakeLab } from './xl-fake.js';

/** Two hosts and a switch. */
export const body = `host a { xen; memory 96M; network eth0 { switch lan } }
host b { xen; memory 96M }
switch lan { }
`;
/** What nothing is known of but that it is down. */
export const down = { state: 'down', ready: null, id: null, memory: null, cpu: null, network: null, detail: null };

/** What is told of all units. */
export function statuses(lab: FakeLab, look?: Look): Promise<ReadonlyMap<string, Status>> {
  return monitor(lab.mln, new Map(), unitsOf(lab.project), lab.project, look, lab.machine);
}

/** What is told of one unit. */
export async function statusOf(lab: FakeLab, name: string, look?: Look): Promise<Status | undefined> {
  return (await statuses(lab, look)).get(name);
}

/** A domain of host a; it runs where nothing else is said. */
export function domainOf(lab: FakeLab, details: Partial<FakeDomain> = {}): FakeDomain {
  return lab.xen.add({ name: 'a.kafe', uuid: domainUuid(lab.host('a'), lab.project), ...details });
}

const holders: ReturnType<typeof spawn>[] = [];
afterEach(() => {
  for (const child of holders.splice(0)) child.kill('SIGKILL');
});

/** Holds a real lock on a file of the project, as the scripts and the xl that they begin do. */
export async function hold(lab: FakeLab, path: string): Promise<void> {
  const child = spawn('flock', ['-x', '-F', join(lab.project.directory, path), 'sh', '-c', 'echo held; exec sleep 60']);
  holders.push(child);
  await once(child.stdout, 'data');
  lab.machineFile('proc/locks', readFileSync('/proc/locks', 'utf8'));
}
