import { mkdirSync } from 'node:fs';
import { afterEach, describe, expect, test } from '@jest/globals';
import { laboratory, processesIn, until, type Laboratory } from './laboratory.js';

const text = 'global { project lab }\nhost a { network eth0 { switch s } }\nhost b { }\nswitch s { }\n';

const labs: Laboratory[] = [];
afterEach(() => {
  for (const lab of labs.splice(0)) lab.close();
});

async function open(shell: string, project = text): Promise<Laboratory> {
  const lab = await laboratory(project, shell);
  labs.push(lab);
  return lab;
}

const fine = { status: 0, stdout: '', stderr: '' };

describe.each(['/bin/dash', '/bin/bash'])('%s', (shell) => {
  test('start, start again, stop, stop again', async () => {
    const lab = await open(shell);
    expect(lab.run('b/start')).toEqual(fine);
    const pid = lab.pid('b');
    expect(Number(lab.read('b/run/b/pid'))).toBe(pid);
    expect(lab.read('b/console.log')).toBe('booting b\n');
    expect(lab.run('b/start')).toEqual({ ...fine, stdout: 'b.lab runs already\n' });
    expect(lab.pid('b')).toBe(pid);
    expect(lab.run('b/stop')).toEqual(fine);
    expect(lab.read('b/mconsole.log')).toBe('run/b/mconsole cad\n');
    expect(lab.run('b/stop wait 5')).toEqual(fine);
    expect(processesIn(lab.path('b'))).toEqual([]);
    expect(lab.run('b/stop')).toEqual(fine);
    expect(lab.exists('b/pid')).toBe(false);
    expect(lab.run('b/start')).toEqual(fine);
    expect(lab.pid('b')).not.toBe(pid);
    expect(lab.read('b/console.log.1')).toBe('booting b\n');
  });

  test('a host is started behind its switch', async () => {
    const lab = await open(shell);
    expect(lab.run('a/start')).toEqual({
      ...fine,
      status: 1,
      stderr: 'a.lab: the switch s does not run; start it first\n',
    });
    expect(lab.exists('a/arguments')).toBe(false);
    expect(lab.run('s/start')).toEqual(fine);
    expect(lab.run('a/start')).toEqual(fine);
    const mac = lab.project.hosts[0]?.interfaces[0]?.mac ?? '';
    expect(mac).toMatch(/^fe:fd:/);
    expect(lab.read('a/arguments').split('\n')).toEqual([
      'mem=128M',
      'ubd0=root.img',
      'root=/dev/ubda',
      'rw',
      `eth0=daemon,${mac},unix,../s/ctl`,
      'umid=a',
      'uml_dir=run',
      'con=null',
      'con0=fd:0,fd:1',
      'mln=a.lab',
      '',
    ]);
  });

  test('what a dead guest left is no guest', async () => {
    const lab = await open(shell);
    // A pid of somebody else: this test's own.
    lab.write('b/pid', `${process.pid}\n`);
    lab.write('b/run/b/pid', `${process.pid}\n`);
    expect(lab.run('b/start')).toEqual(fine);
    expect(lab.pid('b')).not.toBe(process.pid);
    expect(Number(lab.read('b/run/b/pid'))).toBe(lab.pid('b'));
    lab.run('b/stop kill');
    await until(() => processesIn(lab.path('b')).length === 0);
    expect(lab.exists('b/run/b/pid')).toBe(true);
    expect(lab.run('b/stop clean')).toEqual({
      ...fine,
      stdout: 'b.lab: what it left when it died is taken away\n',
    });
    expect(lab.exists('b/run')).toBe(false);
    expect(lab.exists('b/pid')).toBe(false);
    expect(lab.run('b/stop clean')).toEqual(fine);
  });

  test('clean leaves alone what runs', async () => {
    const lab = await open(shell);
    lab.run('b/start');
    const pid = lab.pid('b');
    expect(lab.run('b/stop clean')).toEqual(fine);
    expect(lab.pid('b')).toBe(pid);
    expect(processesIn(lab.path('b'))).toContain(pid);
  });

  test('kill ends all processes of the guest', async () => {
    const lab = await open(shell);
    lab.run('b/start');
    expect(processesIn(lab.path('b'))).toHaveLength(2);
    expect(lab.run('b/stop kill')).toEqual(fine);
    await until(() => processesIn(lab.path('b')).length === 0);
  });

  test('halt writes filesystems out first', async () => {
    const lab = await open(shell);
    lab.run('b/start');
    expect(lab.run('b/stop halt')).toEqual(fine);
    expect(lab.read('b/mconsole.log')).toBe('run/b/mconsole sysrq s\nrun/b/mconsole sysrq u\nrun/b/mconsole halt\n');
    await until(() => processesIn(lab.path('b')).length === 0);
  });

  test('who does not stop is told', async () => {
    const lab = await open(shell);
    lab.run('b/start');
    expect(lab.run('b/stop cad', { FAKE_CONSOLE: 'silent' })).toEqual({
      ...fine,
      status: 1,
      stderr: 'b.lab: its kernel does not answer\n',
    });
    expect(lab.run('b/stop wait 1', { FAKE_CONSOLE: 'deaf' })).toEqual({
      ...fine,
      status: 1,
      stderr: 'b.lab: still runs\n',
    });
    expect(lab.run('b/stop gently')).toEqual({
      ...fine,
      status: 1,
      stderr: 'b.lab: stop takes cad, halt, kill, wait SECONDS or clean, not gently\n',
    });
    expect(processesIn(lab.path('b'))).toContain(lab.pid('b'));
  });

  test('the last words of a kernel that dies at once are told', async () => {
    const lab = await open(shell);
    expect(lab.run('b/start', { FAKE_KERNEL: 'dies' })).toEqual({
      ...fine,
      status: 1,
      stderr:
        'b.lab: User-Mode Linux ended at once: Checking that ptrace can change system call numbers...\n' +
        'failed to open root.img\n',
    });
    expect(lab.run('b/start')).toEqual(fine);
  });

  test('two starts at once start one guest', async () => {
    const lab = await open(shell);
    const fakes = lab.path('../../bin');
    const first = lab.begin('b', shell, '-c', 'PATH="$1:$PATH" exec ./start', 'sh', fakes);
    const ended = new Promise((resolve) => first.on('exit', resolve));
    const { status } = lab.run('b/start');
    expect([status, await ended]).toEqual([0, 0]);
    // A guest is two processes here.
    await until(() => processesIn(lab.path('b')).length === 2);
    expect(Number(lab.read('b/run/b/pid'))).toBe(lab.pid('b'));
  });

  test.each(['b', 's'])('what a start of %s that was given up had begun starts nothing', async (unit) => {
    const lab = await open(shell);
    mkdirSync(lab.path(`${unit}/starting.1`));
    expect(lab.run(`${unit}/stop clean`)).toEqual({
      ...fine,
      stdout: `${unit}.lab: what it left when it died is taken away\n`,
    });
    expect(lab.run(`${unit}/start run starting.1`).status).not.toBe(0);
    expect(lab.exists(`${unit}/pid`)).toBe(false);
    expect(processesIn(lab.path(unit))).toEqual([]);
    expect(lab.run(`${unit}/start`)).toEqual(fine);
  });

  test('the consoles', async () => {
    const lab = await open(shell);
    expect(lab.run('b/start screen')).toEqual(fine);
    expect(lab.read('b/screen.arguments')).toMatch(
      /^-L -Logfile console\.log -dmS b\.lab \.\/start run starting\.\d+\n-S b\.lab -X logfile flush 0\n$/,
    );
    expect(lab.read('b/console.log')).toBe('booting b\n');
    lab.run('b/stop');
    expect(lab.run('b/stop wait 5')).toEqual(fine);
    expect(lab.run('b/start xterm')).toEqual(fine);
    expect(lab.read('b/xterm.arguments')).toMatch(
      /^-T\nb\.lab\n-e\nscript\n-q\n-f\n-c\nexec \.\/start run starting\.\d+\nconsole\.log\n$/,
    );
    lab.run('b/stop');
    expect(lab.run('b/stop wait 5')).toEqual(fine);
    expect(lab.run('b/start window')).toEqual({
      ...fine,
      status: 1,
      stderr: 'b.lab: a console is shown by screen, xterm or none, not window\n',
    });
    // The terminal ends after its guest.
    await until(() => processesIn(lab.path('b')).length === 0);
  });
});

const missing = [
  { program: 'linux.uml', command: 'b/start', unit: 'b.lab' },
  { program: 'setarch', command: 'b/start', unit: 'b.lab' },
  { program: 'setsid', command: 'b/start', unit: 'b.lab' },
  { program: 'screen', command: 'b/start screen', unit: 'b.lab' },
  { program: 'xterm', command: 'b/start xterm', unit: 'b.lab' },
  { program: 'uml_switch', command: 's/start', unit: 's.lab' },
];

test.each(missing)('$command without $program', async ({ program, command, unit }) => {
  const lab = await open('/bin/dash');
  for (const file of ['b/start', 's/start']) lab.write(file, lab.read(file).replace(/^PATH=\$PATH:.*$/m, ''));
  lab.without(program);
  expect(lab.run(command)).toEqual({
    ...fine,
    status: 1,
    stderr: `${unit}: the program ${program} is not installed\n`,
  });
  expect(processesIn(lab.path('b'))).toEqual([]);
});

test('no value of a project is run', async () => {
  const lab = await open(
    '/bin/dash',
    `global { project lab }
host a.b-c_d {
  kernel "/opt/it's \\$(touch pwned)/\`touch pwned\`/linux;touch pwned"
  mount {
    "-data.img" /one
    "/x/\\$(touch pwned)/'\\"" /two
    "*" /three
  }
}
switch s { socket "/run/\\$(touch pwned)/it's" }
`,
  );
  expect(lab.run('a.b-c_d/start').stderr).toBe(
    "a.b-c_d.lab: the program /opt/it's $(touch pwned)/`touch pwned`/linux;touch pwned is not installed\n",
  );
  expect(lab.run('s/start').stderr).toBe(
    "s.lab: nobody listens on /run/$(touch pwned)/it's: it does not exist, or you may not reach it\n",
  );
  expect(lab.exists('a.b-c_d/pwned')).toBe(false);
  expect(lab.exists('s/pwned')).toBe(false);
});
