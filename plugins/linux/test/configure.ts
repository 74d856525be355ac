import { join } from 'node:path';
import { claim, createGuest, isMlnError, type Edit, type Filesystem, type Host, type Plugin } from '@mln/core';
import linux from '@mln/plugin-linux';
import { decided, testKernel } from '../../../test/support/test-kernel.js';

/** The folder of the cases: where their projects stand, as far as relative paths go. */
export const cases = join(import.meta.dirname, 'cases');

/** Runs everything, and says what its guests call their disks and console. */
const hypervisor: Plugin = (mln) => {
  mln.hooks.resolveUnit.tap('fake', (unit) => {
    if (unit.kind === 'switch') return claim(unit, 'fake');
    const disks = unit.disks.map((disk, index) => ({ ...disk, device: `/dev/vd${'abcdefgh'.charAt(index)}` }));
    return claim<Host>(unit, 'fake', { disks, console: 'hvc0', macPrefix: '02:00' });
  });
};

const mln = await testKernel([linux, hypervisor], { files: join(cases, 'files-folder') });

/** The edits that a project's text makes of the filesystem of one of its hosts, the first where none is named. */
export async function configure(text: string, filesystem: Filesystem, name?: string): Promise<readonly Edit[]> {
  const project = await decided(mln, join(cases, 'project.mln'), text);
  const host = project.hosts.find((each) => name === undefined || each.name === name);
  if (!host) throw new Error(`no host ${name ?? ''}`);
  const guest = createGuest(filesystem, project);
  await mln.hooks.configureFilesystem.promise(guest, host, null);
  return guest.edits();
}

/** What is told of sources when the scripts of a project's hosts are made. */
export async function sourcesMissing(text: string): Promise<readonly string[]> {
  const project = await decided(mln, join(cases, 'project.mln'), text);
  return project.hosts.flatMap((host) => {
    try {
      mln.hooks.emitScripts.call(host, { script: () => undefined, file: () => undefined }, project);
      return [];
    } catch (error) {
      if (!isMlnError(error)) throw error;
      return error.problems.map(({ message }) => message);
    }
  });
}

/** A project of one host. */
export function oneHost(body: string): string {
  return `global {\n  project lab\n}\nhost gw {\n${body}\n}\n`;
}
