import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { cases, configure } from './configure.js';
import { fakeFilesystem, outline, written } from './fake-filesystem.js';

/*
 * One project, for a template of each family. cases/FAMILY/template.txt is what the template holds, edits.txt what is
 * done to it, expected/ the files that are written. UPDATE_GOLDEN=1 writes edits.txt and expected/ anew.
 */

const project = readFileSync(join(cases, 'project.mln'), 'utf8');
const families = readdirSync(cases).filter((name) => existsSync(join(cases, name, 'template.txt')));

function template(family: string): string {
  return readFileSync(join(cases, family, 'template.txt'), 'utf8');
}

test('there is a case for each family', () => {
  expect(families).toEqual([
    'alpine',
    'busybox',
    'debian-systemd',
    'debian-sysvinit',
    'networkd',
    'redhat',
    'redhat-systemd',
  ]);
});

test.each(families)('%s', async (family) => {
  const edits = await configure(project, fakeFilesystem(template(family)));
  const folder = join(cases, family, 'expected');
  const files = new Map(
    edits.flatMap((edit) => (edit.do === 'file' ? [[edit.path, written(edits, edit.path) ?? '']] : [])),
  );
  const lines = outline(edits).join('\n') + '\n';
  if (process.env['UPDATE_GOLDEN']) {
    rmSync(folder, { recursive: true, force: true });
    for (const [path, text] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    writeFileSync(join(cases, family, 'edits.txt'), lines);
  }
  expect(lines).toBe(readFileSync(join(cases, family, 'edits.txt'), 'utf8'));
  const expected = filesBelow(folder).map((path): [string, string] => [path, readFileSync(join(folder, path), 'utf8')]);
  expect(Object.fromEntries(files)).toEqual(Object.fromEntries(expected));
});

test.each(families)('%s: the same once more changes nothing', async (family) => {
  const filesystem = fakeFilesystem(template(family));
  await filesystem.apply(await configure(project, filesystem));
  expect(outline(await configure(project, filesystem))).toEqual([]);
});

test.each(families)('%s: a bare host, and the same once more', async (family) => {
  const filesystem = fakeFilesystem(template(family));
  const bare = 'global { project lab }\nhost gw { }\n';
  const edits = await configure(bare, filesystem);
  expect(written(edits, '/etc/hostname')).toBe('gw\n');
  await filesystem.apply(edits);
  expect(outline(await configure(bare, filesystem))).toEqual([]);
});

test.each(families)('%s: a host that loses what it had does not run it any more', async (family) => {
  const filesystem = fakeFilesystem(template(family));
  await filesystem.apply(await configure(project, filesystem));
  await filesystem.apply(await configure('global { project lab }\nhost gw { }\n', filesystem));
  expect([...filesystem.nodes.keys()].filter((path) => path.startsWith('/etc/mln/'))).toEqual(['/etc/mln/boot']);
});

function filesBelow(folder: string, path = ''): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(join(folder, path)).flatMap((name) => {
    const each = `${path}/${name}`;
    return statSync(join(folder, each)).isDirectory() ? filesBelow(folder, each) : [each];
  });
}
