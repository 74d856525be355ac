import { expect, test } from '@jest/globals';
import { isMlnError, unitsOf, type Operation, type Part, type Problem } from '@mln/core';
import { scratchFolder } from '../../../core/test/scratch.js';
import { domainUuid } from '../src/identity.js';
import { prepare } from '../src/prepare.js';
import { openFake, type FakeLab } from './xl-fake.js';

const body = `host a { xen; memory 96M
  network eth0 { switch lan }
}
host b { xen; memory 512M
  network eth0 { bridge xenbr0 }
}
switch lan { }
`;

interface Asked {
  readonly name?: string;
  readonly phase?: string;
  readonly server?: string | null;
  readonly uid?: number;
  readonly options?: Parameters<typeof prepare>[1];
  readonly hosts?: readonly string[];
}

/** What is in the way. */
async function problems(lab: FakeLab, asked: Asked = {}): Promise<readonly Problem[]> {
  const { name = 'start', phase = 'prepare', server = null, uid = 0, options = {}, hosts } = asked;
  const { project } = lab;
  const units = unitsOf(project).filter((unit) => hosts?.includes(unit.name) ?? true);
  const operation: Operation = { id: 'id', name, user: 'root', at: '', options: {} };
  const part: Part = { server, phase, units, project, source: '' };
  try {
    expect(await prepare(lab.mln, options, operation, part, { ...lab.machine, uid })).toBeUndefined();
    return [];
  } catch (error) {
    if (!isMlnError(error)) throw error;
    expect(error.exit).toBe(error.code === 'MLN_NOT_ALLOWED' ? 77 : 1);
    return error.problems;
  }
}

async function messages(lab: FakeLab, asked: Asked = {}): Promise<readonly string[]> {
  return (await problems(lab, asked)).map(
    ({ code, message, place }) => `${place ? `${place.line} ` : ''}${code} ${message}`,
  );
}

async function open(more = body): Promise<FakeLab> {
  const lab = await openFake(scratchFolder(), more);
  lab.link('xenbr0');
  return lab;
}

test('nothing is in the way of a machine that has all there is to be', async () => {
  const lab = await open();
  expect(await messages(lab)).toEqual([]);
  expect(lab.xen.calls).toEqual(['xl info', 'xl list -v']);
});

test.each([
  ['start', 'MLN_NOT_ALLOWED only root may start guests of Xen and their bridges: lan, a, b'],
  ['stop', 'MLN_NOT_ALLOWED only root may stop guests of Xen and their bridges: lan, a, b'],
])('%s is root’s alone, and an ordinary user is told at once', async (name, expected) => {
  const lab = await open();
  expect(await messages(lab, { name, uid: 1000 })).toEqual([expected]);
  expect(lab.xen.calls).toEqual([]);
});

const untouched: readonly Asked[] = [
  { name: 'stop' },
  { name: 'build', uid: 1000 },
  { name: 'remove', uid: 1000 },
  { phase: 'hosts', uid: 1000 },
  { server: 'elsewhere', uid: 1000 },
  { hosts: [], uid: 1000 },
];

test.each(untouched)('%j asks for nothing', async (asked) => {
  const lab = await open();
  lab.xen.broken = 'broken\n';
  expect(await messages(lab, asked)).toEqual([]);
  expect(lab.xen.calls).toEqual([]);
});

test('hosts of other hypervisors are none of its business', async () => {
  const lab = await openFake(scratchFolder(), 'host a { xen }', [
    ({ hooks }) => {
      hooks.resolveUnit.tap({ name: 'other', stage: 10 }, (unit) => ({ ...unit, hypervisor: 'other' }));
    },
  ]);
  expect(await messages(lab, { uid: 1000 })).toEqual([]);
});

const xen: readonly [what: string, spoil: (lab: FakeLab) => void, expected: string, hint: RegExp][] = [
  [
    'has not booted Xen',
    (lab) => {
      lab.machineFile('sys/hypervisor/type', '');
      lab.machineFile('proc/xen/capabilities', '');
    },
    'MLN_NO_HYPERVISOR this machine has not been booted with Xen',
    /xen-system-amd64.*--rehearse/,
  ],
  [
    'is a guest itself',
    (lab) => {
      lab.machineFile('proc/xen/capabilities', '');
    },
    'MLN_NO_HYPERVISOR this machine is itself a guest of Xen, and runs none',
    /physical host/,
  ],
  [
    'has no xl',
    (lab) => void lab.xen.missing.add('xl'),
    'MLN_NO_PROGRAM the program xl is not installed',
    /xen-utils-common/,
  ],
  [
    'has no xenstored',
    (lab) => {
      lab.xen.broken =
        'xencall: fine\nlibxl: error: cannot connect to xenstore: No such file or directory\ncannot init xl context\n';
    },
    'MLN_NO_HYPERVISOR Xen runs, and does not answer: xl ended with 1: xencall: fine\nlibxl: error: cannot connect to xenstore: No such file or directory\ncannot init xl context',
    /xenstored does not run/,
  ],
  [
    'has an xl that fails otherwise',
    (lab) => {
      lab.xen.broken = 'cannot open libxc handle\n';
    },
    'MLN_NO_HYPERVISOR Xen runs, and does not answer: xl ended with 1: cannot open libxc handle',
    /xl info/,
  ],
];

test.each(xen)('a machine that %s', async (_, spoil, expected, hint) => {
  const lab = await open();
  spoil(lab);
  expect(await messages(lab)).toEqual([expected]);
  expect((await problems(lab))[0]?.hint).toMatch(hint);
});

test('all that is missing is told at once, each once for all hosts, with its place', async () => {
  const lab = await openFake(
    scratchFolder(),
    `superclass s { xen; memory 300M
  network eth0 { bridge xenbr0 }
  network eth1 { bridge vif9.0 }
}
host a { superclass s; kernel /boot/none }
host b { superclass s }
host c { superclass s; ramdisk /boot/none }
`,
  );
  lab.link('vif9.0', { bridge: false });
  expect(await messages(lab, { options: { kernel: '/missing' } })).toEqual([
    '6 MLN_NO_FILE the kernel /boot/none is missing, which a is to boot',
    '7 MLN_NO_FILE the kernel /missing is missing, which b, c are to boot',
    '8 MLN_NO_FILE the ramdisk /boot/none is missing, which c is to boot',
    '3 MLN_NO_BRIDGE there is no bridge xenbr0, which eth0 of a, eth0 of b, eth0 of c are to be joined to',
    '4 MLN_NO_BRIDGE vif9.0 is no bridge, which eth1 of a, eth1 of b, eth1 of c are to be joined to',
    'MLN_NO_MEMORY 900 MiB of memory are wanted, and 748 MiB are free: there is none for c (300 MiB)',
  ]);
});

test('what the hypervisor says is not waited for to look at the rest', async () => {
  const lab = await openFake(scratchFolder(), body);
  lab.xen.missing.add('xl');
  expect((await problems(lab)).map(({ code }) => code)).toEqual(['MLN_NO_PROGRAM', 'MLN_NO_BRIDGE']);
});

test('a large project is told of shortly', async () => {
  const lab = await openFake(
    scratchFolder(),
    Array.from({ length: 11 }, (_, index) => `host h${index} { xen; memory 400M; network eth0 { bridge br9 } }`).join(
      '\n',
    ),
  );
  const [bridge, memory] = await messages(lab);
  expect(bridge).toMatch(
    /no bridge br9, which eth0 of h0, (eth0 of h\d, ){6}eth0 of h7 and 3 more are to be joined to$/,
  );
  expect(memory).toMatch(/^MLN_NO_MEMORY 4.3 GiB .* none for h1 \(400 MiB\), .*h8 \(400 MiB\) and 2 more$/);
});

/** What is free, in MiB; a wants 96, b 512. */
const memories: readonly [free: number, commandLine: string, configuration: string, expected: readonly string[]][] = [
  [608, 'dom0_mem=768M', '', []],
  [607, 'dom0_mem=768M', '', ['608 MiB of memory are wanted, and 607 MiB are free: there is none for b (512 MiB)']],
  [
    95,
    'dom0_mem=768M',
    '',
    ['608 MiB of memory are wanted, and 95 MiB are free: there is none for a (96 MiB), b (512 MiB)'],
  ],
  [0, '', '', []],
  [0, 'dom0_mem=768M', 'autoballoon="on"\n', []],
  [
    0,
    '',
    'autoballoon="off"\n',
    ['608 MiB of memory are wanted, and 0 B are free: there is none for a (96 MiB), b (512 MiB)'],
  ],
];

test.each(memories)(
  '%d MiB are free, Xen was booted with %j, xl.conf is %j',
  async (free, commandLine, text, expected) => {
    const lab = await open();
    lab.xen.free = free;
    lab.xen.commandLine = commandLine;
    lab.machineFile('etc/xen/xl.conf', text);
    expect((await problems(lab)).map(({ message }) => message)).toEqual(expected);
  },
);

test('what Domain-0 gives up is told of, where that does not do either', async () => {
  const lab = await open(body.replace('512M', '1G'));
  lab.xen.free = 100;
  lab.xen.commandLine = '';
  expect((await problems(lab)).map(({ message }) => message)).toEqual([
    '1.1 GiB of memory are wanted, and 100 MiB are free, and Domain-0 gives up 640 MiB: there is none for b (1 GiB)',
  ]);
});

test('hosts that run are asked for nothing; dead remains of them are', async () => {
  const lab = await open();
  lab.xen.free = 100;
  const b = lab.xen.add({ name: 'b.kafe', uuid: domainUuid(lab.host('b'), lab.project), memory: 0 });
  expect(await messages(lab)).toEqual([]);
  Object.assign(b, { state: 's', reason: 3 });
  expect(await messages(lab)).toEqual([expect.stringContaining('there is none for b (512 MiB)')]);
});
