import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { listProjects, readState, requireState, writeState } from '../src/state.js';
import { fakeProject } from './fake-project.js';
import { scratchFolder } from './scratch.js';

const details = { builtAt: '2026-01-01T00:00:00.000Z', plugins: { fake: '1.0.0' }, templates: {} };

async function built(name = 'ring'): Promise<string> {
  const projects = scratchFolder();
  mkdirSync(join(projects, name));
  await writeState(join(projects, name), { ...details, project: fakeProject({ name, directory: '/elsewhere' }) });
  return projects;
}

test('what was written is read, and the project knows the folder that it is in now', async () => {
  const projects = await built();
  expect(await readState(projects, 'ring')).toEqual({
    schema: 2,
    version: 1,
    kept: [],
    pending: [],
    ...details,
    project: fakeProject({ name: 'ring', directory: join(projects, 'ring') }),
  });
});

test('what an older version has written is read as the first version of its project', async () => {
  const projects = scratchFolder();
  mkdirSync(join(projects, 'ring'));
  const project = fakeProject({ name: 'ring' });
  writeFileSync(join(projects, 'ring', 'state.json'), JSON.stringify({ schema: 1, ...details, project }));
  expect(await readState(projects, 'ring')).toMatchObject({ schema: 2, version: 1, kept: [], pending: [], ...details });
});

test('a copy of a project’s folder under another name is not that project', async () => {
  const projects = await built();
  cpSync(join(projects, 'ring'), join(projects, 'copy'), { recursive: true });
  await expect(readState(projects, 'copy')).rejects.toMatchObject({ code: 'MLN_BAD_STATE' });
  expect((await readState(projects, 'ring'))?.project.name).toBe('ring');
});

test('the state is for the calling user alone, and leaves no other file behind', async () => {
  const projects = await built();
  expect(statSync(join(projects, 'ring', 'state.json')).mode & 0o777).toBe(0o600);
  expect(readdirSync(join(projects, 'ring'))).toEqual(['state.json']);
});

test('a state that cannot be written leaves the old one as it was', async () => {
  const projects = await built();
  const before = readFileSync(join(projects, 'ring', 'state.json'), 'utf8');
  const project = fakeProject({ name: 'ring' });
  await expect(writeState(join(projects, 'nowhere'), { ...details, project })).rejects.toMatchObject({
    code: 'MLN_IO',
  });
  expect(readFileSync(join(projects, 'ring', 'state.json'), 'utf8')).toBe(before);
});

test.each(['none', '', '..', '.ring.new', 'a/b', '../ring'])('there is no project %j', async (name) => {
  expect(await readState(await built(), name)).toBeNull();
});

test.each([
  ['rnig', 'did you mean ring?'],
  ['xyzzy', 'mln list shows the built projects'],
])('whoever requires %s is told: %s', async (name, hint) => {
  await expect(requireState(await built(), name)).rejects.toMatchObject({
    code: 'MLN_NO_PROJECT',
    problems: [expect.objectContaining({ hint })],
  });
});

test.each([
  ['', 'is damaged'],
  ['{"schema":1,', 'is damaged'],
  ['{"schema":1}', 'is damaged'],
  ['{"schema":2}', 'is damaged'],
  ['{"schema":3}', 'is of form 3'],
  ['{}', 'is of form undefined'],
])('the state %j %s', async (text, message) => {
  const projects = await built();
  writeFileSync(join(projects, 'ring', 'state.json'), text);
  await expect(readState(projects, 'ring')).rejects.toMatchObject({
    code: 'MLN_BAD_STATE',
    message: expect.stringContaining(message) as unknown,
  });
});

test('projects are listed in the order of their numbers; hidden folders and files are none', async () => {
  const projects = scratchFolder();
  for (const name of ['p10', 'p9', '.p9.new']) {
    mkdirSync(join(projects, name));
    writeFileSync(join(projects, name, 'state.json'), '{}');
  }
  mkdirSync(join(projects, 'of-others'));
  writeFileSync(join(projects, 'file'), '');
  expect(await listProjects(projects)).toEqual(['p9', 'p10']);
  expect(await listProjects(join(projects, 'none'))).toEqual([]);
});
