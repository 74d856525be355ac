import { chmodSync, cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { createTemplates, type Mln, type Project } from '@mln/core';
import { planProject, type Plan } from '../../../../core/src/plan.js';
import { packProject, sendFiles } from '../../src/transfer/pack.js';
import { checkPackage, placePackage } from '../../src/transfer/receive.js';
import { decided, LOCAL, machine, makeImage, scratch, serverLab, sha256 } from './lab.js';

/*
 * A project that is packed at home, sent, checked and laid out comes to the same plan on a server as at home, whose files
 * and templates the server does not have.
 */

const examples = join(import.meta.dirname, '../../../../examples');

async function home(): Promise<{ mln: Mln; folder: string }> {
  const folder = scratch();
  cpSync(examples, join(folder, 'examples'), { recursive: true });
  const mln = await machine(folder);
  const image = makeImage(join(folder, 'tiny.img'));
  const repository = createTemplates(mln.folders.templates, mln.shell);
  const names = [
    'tiny',
    'ubuntu-server.ext3',
    'ubuntu-server-cfengine.ext3',
    'renderNode.ext3',
    'renderMaster.ext3',
    'debian',
  ];
  for (const name of names) await repository.add(image, { name });
  return { mln, folder };
}

/** What is the same wherever a project is planned: contents of files stand for their paths. */
function facts(plan: Plan, folders: readonly string[]) {
  const plain = (text: string): string => folders.reduce((all, folder) => all.replaceAll(folder, 'FOLDER'), text);
  return plan.units.map(({ unit, files, disks, edits }) => ({
    name: unit.name,
    files: files.map((file) => ({ ...file, text: plain(file.text) })),
    disks: disks.map(({ size, template, disk }) => ({
      size,
      store: disk.store,
      image: template && sha256(template.path),
    })),
    edits: edits.map((edit) =>
      edit.do === 'file' && 'source' in edit.content
        ? { ...edit, content: sha256(edit.content.source) }
        : edit.do === 'file'
          ? { ...edit, content: (edit.content as Buffer).toString('hex') }
          : edit,
    ),
  }));
}

async function bothPlans(mln: Mln, folder: string, file: string) {
  const { project, source } = await decided(mln, file);
  const hosts = project.hosts.map(({ name }) => name);
  const packed = await packProject(mln, project, hosts, source);
  const there = scratch();
  const server = await serverLab(there);
  await sendFiles(server.client, LOCAL, packed);
  server.client.close();
  const travelled: unknown = JSON.parse(JSON.stringify(packed.package));
  const checked = checkPackage(travelled, project.name, server.daemon.mln);
  const { projects, templates } = server.daemon.mln.folders;
  const placed: Project = await placePackage(server.daemon, checked, {
    folder: join(there, 'operation'),
    projects,
    templates,
    owner: null,
  });
  const units = (each: Project) => [...each.switches, ...each.hosts];
  const ours = await planProject(mln, project, units(project), null);
  const theirs = await planProject(server.daemon.mln, placed, units(placed), null);
  expect(placed.directory).toBe(join(projects, project.name));
  expect(JSON.stringify(packed.package)).not.toContain('"templateFrom":"');
  return { ours: facts(ours, [folder]), theirs: facts(theirs, [there]), packed, placed };
}

const here = await home();
const names = readdirSync(examples).filter((name) => name.endsWith('.mln'));

test.each(names)('%s comes to the same plan', async (name) => {
  const { ours, theirs } = await bothPlans(here.mln, here.folder, join(here.folder, 'examples', name));
  expect(ours.length).toBeGreaterThan(0);
  expect(theirs).toEqual(ours);
});

test('files, folders with links and modes, and a template that is a plain file', async () => {
  const { mln, folder } = here;
  const beside = join(folder, 'site');
  mkdirSync(join(beside, 'www/deep/er'), { recursive: true });
  mkdirSync(join(folder, 'files/common'), { recursive: true });
  writeFileSync(join(folder, 'files/common/motd'), 'from the files folder\n');
  writeFileSync(join(beside, 'www/index.html'), '<p>');
  writeFileSync(join(beside, 'www/deep/er/run'), '#!/bin/sh\n');
  chmodSync(join(beside, 'www/deep/er/run'), 0o750);
  chmodSync(join(beside, 'www/deep/er'), 0o555);
  symlinkSync('index.html', join(beside, 'www/home.html'));
  symlinkSync('/usr/share/zoneinfo/Europe/Oslo', join(beside, 'www/localtime'));
  symlinkSync('../../../etc/hosts', join(beside, 'www/up'));
  symlinkSync('www', join(beside, 'linked'));
  mkdirSync(join(beside, 'inner'));
  writeFileSync(join(beside, 'inner/part.mln'), 'superclass part {\n  files { note.txt /root/note.txt 0600 }\n}\n');
  writeFileSync(join(beside, 'inner/note.txt'), 'beside the included file\n');
  makeImage(join(beside, 'own image.img'), { '/etc/motd': 'own' });
  writeFileSync(
    join(beside, 'site.mln'),
    `#include inner/part.mln
global { project site }
superclass all {
  superclass part
  files {
    www /var/www
    linked /srv/linked
    www/index.html /tmp/
    common/motd /etc/motd
    ${join(beside, 'www/deep')} /opt/deep 0600
  }
}
host one { superclass all; template "own image.img"; network eth0 { switch lan; address 10.0.0.1/24 } }
host two { superclass all; network eth0 { switch lan; address 10.0.0.2/24 } }
switch lan { }
`,
  );
  const { ours, theirs, packed, placed } = await bothPlans(mln, folder, join(beside, 'site.mln'));
  expect(theirs.map(({ edits }) => edits)).toEqual(ours.map(({ edits }) => edits));
  const isOne = ({ name }: { name: string }): boolean => name === 'one';
  expect(theirs.filter((each) => !isOne(each))).toEqual(ours.filter((each) => !isOne(each)));
  // A plain file is nobody's to share; there it is a version of the repository.
  const [disk] = ours.find(isOne)?.disks ?? [];
  expect(disk?.store).toBe('file');
  expect(theirs.find(isOne)?.disks).toEqual([{ ...disk, store: 'cow' }]);
  const paths = ours[1]?.edits.map(({ path }) => path);
  for (const path of [
    '/var/www/deep/er/run',
    '/srv/linked/localtime',
    '/tmp/index.html',
    '/root/note.txt',
    '/opt/deep/er/run',
  ])
    expect(paths).toContain(path);
  expect(placed.hosts.map(({ template }) => template)).toEqual([
    `own_image.img@${sha256(join(beside, 'own image.img')).slice(0, 12)}`,
    'tiny@1.0',
  ]);
  // Both hosts copy the same: each source travels once.
  const roots = new Set(packed.package.entries.map(({ path }) => path.split('/')[1]));
  expect(roots.size).toBe(6);
});
