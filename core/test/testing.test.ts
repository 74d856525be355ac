import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { claim, quote, type Plugin } from '../src/index.js';
import { tryPlugin } from '../src/testing.js';
import { scratchFolder } from './scratch.js';

const motd: Plugin = (mln, { path = '/etc/motd' }) => {
  mln.hooks.keywords.tap('motd', (keywords) => {
    keywords.declare({ name: 'motd', in: ['host'], kind: 'text', help: 'The message of the day.' });
  });
  mln.hooks.configureFilesystem.tapPromise('motd', async (guest, host) => {
    const text = host.text['motd'];
    if (text !== undefined) await guest.write(path as string, `${text}\n`, { mode: 0o640, group: 42 });
  });
};

const lab = `global { project lab }
switch lan { }
host ada {
  motd { hello }
  network eth0 { switch lan
    address 10.0.0.1/24 }
}
host bob { }
`;

test('files of guests are as they will be, with mode and owner', async () => {
  const { file, entry, files, edits, warnings } = await tryPlugin(motd, lab);
  expect(warnings.map(({ code }) => code)).toEqual([]);
  expect(file('ada', '/etc/motd')).toBe('hello\n');
  expect(entry('ada', '/etc/motd')).toEqual({ type: 'file', mode: 0o640, owner: 0, group: 42, size: 6 });
  expect(edits('ada').map(({ path }) => path)).toEqual(['/etc/motd']);
  expect(file('bob', '/etc/motd')).toBe('Welcome.\n');
  expect(edits('bob')).toEqual([]);
  expect(files('bob').get('/etc/hostname')).toBe('template\n');
  expect(file('bob', '/etc/nothing')).toBeNull();
  expect(() => file('bab', '/etc/motd')).toThrow('the project has no host or switch bab');
});

test('options are the plug-in’s, and the template is the caller’s', async () => {
  const template = { '/etc/': '', '/etc/issue': '→../usr/lib/issue', '/usr/lib/issue': 'old\n' };
  const { file, files } = await tryPlugin(motd, lab, { options: { path: '/etc/issue' }, template });
  expect(file('ada', '/etc/issue')).toBe('hello\n');
  expect([...files('ada')]).toEqual([['/usr/lib/issue', 'hello\n']]);
  expect([...files('bob')]).toEqual([['/usr/lib/issue', 'old\n']]);
});

test('what nobody claims runs in memory, and the same text gives the same project', async () => {
  const [one, other] = await Promise.all([tryPlugin(motd, lab), tryPlugin(motd, lab)]);
  expect(one.project).toEqual(other.project);
  expect(one.project).toMatchObject({
    directory: '/projects/lab',
    switches: [{ name: 'lan', hypervisor: 'memory' }],
    hosts: [{ name: 'ada', hypervisor: 'memory', disks: [{ device: '/dev/vda' }] }, { name: 'bob' }],
  });
  expect(one.project.hosts[0]?.interfaces[0]?.mac).toMatch(/^02:00(:[0-9a-f]{2}){4}$/);
  expect([...one.scripts('lan').keys()]).toEqual(['start', 'stop']);
});

test('templates of any name are there, and size counts', async () => {
  const text = 'global { project lab }\nhost ada { template debian@2\n size 1M }\nhost bob { template ../own.ext4 }\n';
  await expect(tryPlugin(motd, text)).rejects.toThrow('there is no template ../own.ext4');
  const { project, warnings } = await tryPlugin(motd, text.replace('../own', 'images/own'));
  expect(project.hosts.map(({ template }) => template)).toEqual(['debian@2', 'images/own.ext4']);
  expect(warnings).toMatchObject([{ code: 'MLN_SMALL_SIZE', place: { line: 3 } }]);
});

test('what is wrong with a project is the error that mln ends with', async () => {
  await expect(tryPlugin(motd, 'global { project lab }\nhost ada { memory lots }\n')).rejects.toMatchObject({
    code: 'MLN_BAD_VALUE',
    problems: [{ place: { line: 2 } }],
  });
});

test('a guest that is configured once more stays as it is, or tells what changes', async () => {
  expect(await (await tryPlugin(motd, lab)).again()).toEqual(new Map([['ada', []], ['bob', []]])); // prettier-ignore
  const counting: Plugin = ({ hooks }) => {
    hooks.configureFilesystem.tapPromise('counting', (guest) => guest.append('/etc/profile', 'umask 22\n'));
  };
  const changes = await (await tryPlugin(counting, lab)).again();
  expect(changes.get('ada')).toMatchObject([{ do: 'file', path: '/etc/profile' }]);
});

test('a start and a stop are told to event, and monitor sees what runs', async () => {
  const heard: string[] = [];
  const listener: Plugin = (mln) => {
    const { hooks } = mln;
    hooks.event.tap('listener', ({ operation, unit, state }) => {
      if (state !== 'step') heard.push(`${operation.name} ${unit ?? '*'} ${state}`);
      if (unit === null && state === 'done') mln.log(`${operation.name} is done`);
    });
    hooks.monitor.tapPromise('listener', (statuses) =>
      Promise.resolve(new Map([...statuses].map(([name, status]) => [name, { ...status, detail: 'seen' }] as const))),
    );
  };
  // Others try projects at the same time.
  const name = `lab-${process.pid}`;
  const lone = lab.replace('motd { hello }', '').replace('project lab', `project ${name}`);
  const { start, stop, status, log } = await tryPlugin(listener, lone);
  const started = await start({ wait: 5 });
  expect(started.failures).toEqual([]);
  expect(started.events.filter(({ state }) => state === 'step').map(({ step }) => step)).toContain('hosts');
  expect(started.progress).toContainEqual({ server: null, unit: 'ada', state: 'done', text: 'started' });
  expect((await status()).get('ada')).toMatchObject({ state: 'up', ready: true, detail: 'seen' });
  await stop({ hosts: ['bob'] });
  expect([...(await status())].map(([name, { state }]) => `${name} ${state}`)).toEqual([
    'lan up',
    'ada up',
    'bob down',
  ]);
  await stop({ wait: 0 });
  expect([...(await status()).values()].map(({ state }) => state)).toEqual(['down', 'down', 'down']);
  expect(heard.slice(0, 3)).toEqual(['start * begun', 'start lan begun', 'start lan done']);
  expect(heard.at(-1)).toBe('stop * done');
  expect(log).toEqual(['start is done', 'stop is done', 'stop is done']);
  const folders = readdirSync(tmpdir()).filter((each) => each.startsWith('mln-trial-'));
  expect(folders.filter((each) => existsSync(join(tmpdir(), each, name)))).toEqual([]);
});

test('a start that is to fail does', async () => {
  const { start, status } = await tryPlugin(motd, lab);
  const { failures, events } = await start({ failing: ['ada'] });
  expect(failures).toMatchObject([{ unit: 'ada', problem: { code: 'MLN_SCRIPT_FAILED' } }]);
  expect(events.at(-1)).toMatchObject({ state: 'failed', unit: null });
  expect((await status()).get('bob')?.state).toBe('up');
});

test('all or nothing: what a start has begun is stopped where one host fails, and what ran before goes on', async () => {
  const { start, status } = await tryPlugin(motd, lab);
  const states = async (): Promise<readonly string[]> =>
    [...(await status())].map(([name, { state }]) => `${name} ${state}`);
  await expect(start({ failing: ['ada'], allOrNothing: true })).rejects.toMatchObject({ code: 'MLN_SCRIPT_FAILED' });
  expect(await states()).toEqual(['lan down', 'ada down', 'bob down']);
  await start({ hosts: ['bob'] });
  await expect(start({ failing: ['ada'], allOrNothing: true })).rejects.toMatchObject({ code: 'MLN_SCRIPT_FAILED' });
  expect(await states()).toEqual(['lan down', 'ada down', 'bob up']);
});

test('a plug-in’s own execute answers for other servers, and nobody is an error', async () => {
  const far = 'global { project lab }\nhost ada { service_host far }\n';
  await expect((await tryPlugin(motd, far)).start()).rejects.toMatchObject({ code: 'MLN_NO_SERVER' });
  const parts: string[] = [];
  const remote: Plugin = ({ hooks }) => {
    hooks.execute.tapPromise('remote', (operation, { server, phase }) => {
      if (server === null) return Promise.resolve(undefined);
      parts.push(`${operation.name} ${phase} ${server}`);
      return Promise.resolve({ failures: [] });
    });
  };
  await (await tryPlugin(remote, far)).start({ hosts: ['ada'] });
  expect(parts).toEqual(['start prepare far', 'start hosts far', 'start release far']);
});

test('a hypervisor’s scripts are run by the author’s shell, and no other program is', async () => {
  const toy: Plugin = (mln) => {
    mln.hooks.resolveUnit.tap('toy', (unit) => (unit.kind === 'host' ? claim(unit, 'toy') : unit));
    mln.hooks.emitScripts.tap('toy', (unit, scripts, project) => {
      if (unit.hypervisor === 'toy') scripts.script('start', `#!/bin/sh\necho ${quote(project.directory)}\n`);
    });
    mln.hooks.monitor.tapPromise('toy', async (statuses) => {
      await mln.shell('toyctl', ['list']);
      return statuses;
    });
  };
  const text = 'global { project lab }\nhost ada { }\n';
  const tried = await tryPlugin(toy, text);
  expect(tried.scripts('ada').get('start')).toBe('#!/bin/sh\necho /projects/lab\n');
  await expect(tried.status()).rejects.toMatchObject({
    code: 'MLN_NO_PROGRAM',
    message: expect.stringMatching(/^toyctl list is not run/) as unknown,
  });
  const ran: string[] = [];
  const answered = await tryPlugin(toy, text, {
    shell: (program) => {
      ran.push(`${program} ${existsSync(program)}`);
      return Promise.resolve({ exitCode: 0, stdout: '', stderr: '' });
    },
  });
  expect((await answered.start()).failures).toEqual([]);
  expect(ran).toEqual([expect.stringMatching(/\/lab\/ada\/start true$/)]);
});

test('a verb’s output is kept, and its errors are told as mln tells them', async () => {
  const verbs: Plugin = (mln) => {
    mln.hooks.commands.tap('verbs', (commands) => {
      commands.add({
        name: 'greet',
        summary: 'Greets.',
        arguments: '[name]',
        options: [...mln.core.readingOptions],
        run: async (context, [name], options) => {
          const { project } = await mln.core.readChosenFile(context, options);
          const built = await mln.projects();
          if (name === undefined) throw mln.core.failure('MLN_USAGE', 'whom?', { hint: 'mln greet NAME' });
          mln.log('one moment');
          context.terminal.print(`${name} of ${[project, ...built].map((each) => each.name).join(' and ')}`);
          return 2;
        },
      });
    });
  };
  const { run } = await tryPlugin(verbs, lab, { with: [motd], built: ['global { project old }\nhost x { }\n'] });
  expect(await run('greet', ['ada'])).toEqual({ exit: 2, stdout: 'ada of lab and old\n', stderr: 'one moment\n' });
  expect(await run('greet')).toEqual({
    exit: 64,
    stdout: '',
    stderr: 'error[MLN_USAGE]: whom?\n  hint: mln greet NAME\n',
  });
  await expect(run('gree')).rejects.toMatchObject({ problems: [{ hint: 'did you mean greet?' }] });
});

const manifest = {
  name: 'motd',
  version: '2.1.0',
  api: '^1.0.0',
  options: { type: 'object', properties: { path: { type: 'string' } }, additionalProperties: false },
};

test('a module’s options are checked by the schema of its manifest', async () => {
  const module = { default: motd, manifest };
  const { mln, file } = await tryPlugin(module, lab, { options: { path: '/etc/issue' } });
  expect(file('ada', '/etc/issue')).toBe('hello\n');
  expect(mln.plugins.map(({ name, version }) => `${name} ${version}`)).toContain('motd 2.1.0');
  await expect(tryPlugin(module, lab, { options: { pat: '/etc/issue' } })).rejects.toMatchObject({
    code: 'MLN_PLUGIN_OPTIONS',
    problems: [{ hint: 'did you mean path? it takes path' }],
  });
});

test('a path is loaded as mln loads it', async () => {
  const path = join(scratchFolder(), 'stamp.js');
  const head = "export const manifest = { name: 'stamp', version: '1.0.0', api: '^1.0.0' };\n";
  writeFileSync(
    path,
    `${head}export default ({ hooks }) =>
  hooks.configureFilesystem.tapPromise('stamp', (guest, { name }) => guest.write('/etc/stamp', name));
`,
  );
  const { file } = await tryPlugin(path, lab, { with: [[motd, { path: '/etc/issue' }]] });
  expect([file('ada', '/etc/stamp'), file('ada', '/etc/issue')]).toEqual(['ada', 'hello\n']);
  await expect(tryPlugin(`${path}.js`, lab)).rejects.toMatchObject({ code: 'MLN_PLUGIN_NOT_FOUND' });
});

test('what a tap throws is the error of the plug-in that mln tells', async () => {
  const faulty: Plugin = ({ hooks }) => {
    hooks.configureFilesystem.tapPromise('faulty', () => Promise.reject(new TypeError('no such thing')));
  };
  await expect(tryPlugin(faulty, lab)).rejects.toMatchObject({
    code: 'MLN_PLUGIN_FAILED',
    message: 'the plug-in faulty failed in configureFilesystem: no such thing',
  });
});
