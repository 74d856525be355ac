import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { openLab, type Result } from './support.js';

/*
 * Logical volumes without touching those of the machine: a guest of User-Mode Linux, run by an ordinary user, has this
 * machine's files as its root, read-only, and image files as its physical volumes. Inside, mln is root.
 */

/**
 * When mln is killed: `at` a step that is named (`build disks`), or by a program that it runs: `before` that has done
 * anything, `after` it, or `amid` it, for dd when a block is copied.
 */
export type When = 'at' | 'before' | 'after' | 'amid';

export interface LvmLab {
  /** Where the guest keeps what mln makes. Only the guest sees it. */
  readonly home: string;
  /** The configuration of an mln whose volumes are in the thin pool `pool` of the group vg1; those of the usual are in vg0. */
  readonly thin: string;
  /** Runs mln to its end, as root of the guest. */
  mln(...args: readonly string[]): Promise<Result>;
  /** Runs mln, and fails unless it ends with 0. Gives what it printed. */
  ok(...args: readonly string[]): Promise<string>;
  /**
   * Runs mln in a process of its own until it is killed, and fails where it is not; waits for what it had begun. A
   * program is told by a pattern of sh for its command line: `lvremove *`.
   */
  killed(when: When, what: string, ...args: readonly string[]): Promise<void>;
  /** Runs a command line of sh inside, and fails unless it ends with 0. Gives what it printed. */
  sh(command: string): Promise<string>;
  /** Runs a program inside to its end. */
  run(...command: readonly string[]): Promise<Result>;
  /** Writes a file that the guest can read; gives its path. Each name is for one use: the guest may not see a change. */
  write(name: string, text: string): string;
  /** Each volume of a group as `NAME SIZE`, in MiB, and ` of ORIGIN` for a snapshot. */
  volumes(group: string): Promise<readonly string[]>;
  close(): Promise<void>;
}

const modulesFolder = (): string => {
  const { stdout } = spawnSync('sh', ['-c', 'command -v linux.uml'], { encoding: 'utf8' });
  return join(dirname(stdout.trim()), '../lib/uml/modules');
};

/** Why logical volumes cannot be tested here; null where they can. */
export function noLvm(): string | null {
  if (spawnSync('lvm', ['version']).error) return 'there is no program lvm';
  return existsSync(modulesFolder()) ? null : 'there are no kernel modules for linux.uml';
}

const lvmConfiguration = `
backup { backup=0 archive=0 }
activation { udev_sync=0 udev_rules=0 monitoring=0 reserved_memory=0 reserved_stack=0 }
global { notify_dbus=0 use_lvmpolld=0 thin_check_executable="" thin_repair_executable="" }
devices { obtain_device_list_from_udev=0 use_devicesfile=0 filter=["a|^/dev/ubd|","r|.*|"] }
`;

/** A plug-in that kills the mln it is loaded into at the step that KILL_AT names. */
const killer = `
export const manifest = { name: 'killer', version: '1.0.0', api: '^1.0.0' };
export default function ({ hooks }) {
  hooks.event.tap('killer', ({ operation, state, step }) => {
    if (state === 'step' && operation.name + ' ' + step === process.env.KILL_AT) process.kill(process.pid, 'SIGKILL');
  });
}
`;

/** Stands before programs on the PATH, under their names. */
const gate = `#!/bin/sh
name=\${0##*/}
PATH=\${PATH#*:}
case "$name $*" in $KILL_LINE) when=$KILL_WHEN ;; *) when= ;; esac
case $when in
before) kill -KILL $PPID; exit 1 ;;
amid) dd "$@" count=1; kill -KILL $PPID; exit 1 ;;
after) "$name" "$@"; code=$?; kill -KILL $PPID; exit $code ;;
esac
exec "$name" "$@"
`;
const gated = ['blkdiscard', 'dd', 'lvchange', 'lvcreate', 'lvextend', 'lvremove', 'lvrename', 'lvresize', 'resize2fs'];

interface Answer extends Result {
  readonly signal?: string;
}

/** What is everywhere on the disks before: as if they had held volumes of somebody else. */
export const OTHERS = 'a secret of somebody else';
const leftBehind = Buffer.alloc(1024 * 1024, `${OTHERS}\n`);

/** Boots the guest; its disks are as large as is said, in MiB. */
export async function openLvmLab(disks: readonly number[]): Promise<LvmLab> {
  const lab = await openLab();
  const installation = dirname(dirname(lab.program));
  const place = dirname(lab.write('guest/environment', ''));
  const home = '/run/home';
  const own = (path: string): string => {
    chownSync(path, lab.spawnOptions.uid ?? 0, lab.spawnOptions.gid ?? 0);
    return path;
  };

  copyFileSync('test/guests/lvm-init.sh', join(place, 'init'));
  copyFileSync('test/guests/lvm-agent.js', join(place, 'agent.mjs'));
  chmodSync(join(place, 'init'), 0o755);
  lab.write('guest/lvm.conf', lvmConfiguration);
  const gates = dirname(lab.write('guest/gates/gate', gate));
  chmodSync(join(gates, 'gate'), 0o755);
  for (const name of gated) symlinkSync('gate', join(gates, name));

  writeFileSync(join(installation, 'killer.mjs'), killer);
  const usual = join(installation, 'mln.config.json');
  const thin = join(installation, 'thin.config.json');
  const { plugins } = JSON.parse(readFileSync(usual, 'utf8')) as { plugins: unknown[] };
  const configure = (path: string, options: object): void => {
    const all = plugins.map((each) => (each === '@mln/plugin-lvm' ? [each, options] : each));
    writeFileSync(path, JSON.stringify({ plugins: [...all, './killer.mjs'] }));
  };
  configure(usual, { volumeGroup: 'vg0' });
  configure(thin, { volumeGroup: 'vg1', thinPool: 'pool' });
  const environment = {
    PATH: process.env['PATH'] ?? '',
    LD_LIBRARY_PATH: process.env['LD_LIBRARY_PATH'] ?? '',
    LANG: 'C.UTF-8',
    NO_COLOR: '1',
    HOME: home,
    TMPDIR: '/run/tmp',
    MLN_PROJECTS: join(home, 'projects'),
    MLN_TEMPLATES: join(home, 'templates'),
    LVM_SYSTEM_DIR: place,
    DM_DISABLE_UDEV: '1',
    INSTALLATION: installation,
    MODULES: modulesFolder(),
    NODE: process.execPath,
  };
  lab.write(
    'guest/environment',
    Object.entries(environment)
      .map(([name, value]) => `export ${name}='${value}'\n`)
      .join(''),
  );
  const images = disks.map((size, index) => {
    const image = lab.write(`guest/disk${index}`, '');
    for (let written = 0; written < size; written += 1) appendFileSync(image, leftBehind);
    return `ubd${index}=${image}`;
  });
  const run = join(place, 'run');
  mkdirSync(run);
  own(run);

  const consoleLog = lab.write('guest/console.log', '');
  const log = openSync(consoleLog, 'a');
  const boot = ['mem=640M', 'rootfstype=hostfs', 'rootflags=/', 'ro', `init=${join(place, 'init')}`, ...images];
  const lines = ['con0=null,fd:1', 'con=null', 'ssl0=fd:3,fd:4', 'umid=lvm', `uml_dir=${run}`];
  const guest = spawn('setarch', ['-R', 'linux.uml', ...boot, ...lines], {
    ...lab.spawnOptions,
    cwd: place,
    stdio: ['ignore', log, log, 'pipe', 'pipe'],
  });
  const [, , , to, from] = guest.stdio as unknown as [null, null, null, Writable, Readable];
  const answers = createInterface({ input: from });
  const ended = once(guest, 'exit').then(() => {
    throw new Error(`the guest has ended:\n${readFileSync(consoleLog, 'utf8').slice(-4000)}`);
  });
  ended.catch(() => undefined);
  const answer = async (): Promise<Answer> => {
    const [line] = (await Promise.race([once(answers, 'line'), ended])) as [string];
    return JSON.parse(line) as Answer;
  };
  const ask = (request: unknown): Promise<Answer> => {
    const answered = answer();
    to.write(`${JSON.stringify(request)}\n`);
    return answered;
  };
  await answer().catch(async (error: unknown) => {
    await lab.close();
    throw error;
  });

  const mln: LvmLab['mln'] = (...args) => ask({ mln: args });
  const sh: LvmLab['sh'] = async (command) => {
    const { code, stdout, stderr } = await ask({ run: ['sh', '-c', command] });
    if (code !== 0) throw new Error(`${command} ended with ${code ?? 'a signal'}:\n${stdout}${stderr}`);
    return stdout;
  };
  await sh(`cp -r '${join(lab.folder, 'templates')}' ${home}`);
  return {
    home,
    thin,
    mln,
    sh,
    run: (...command) => ask({ run: command }),
    async ok(...args) {
      const { code, stdout, stderr } = await mln(...args);
      if (code !== 0) throw new Error(`mln ${args.join(' ')} ended with ${code ?? 'a signal'}:\n${stdout}${stderr}`);
      return stdout;
    },
    async killed(when, what, ...args) {
      const env =
        when === 'at' ? { KILL_AT: what } : { KILL_WHEN: when, KILL_LINE: what, PATH: `${gates}:${environment.PATH}` };
      const { signal, stdout, stderr } = await ask({ run: [process.execPath, lab.program, ...args], env });
      if (signal !== 'SIGKILL')
        throw new Error(`mln ${args.join(' ')} was not killed ${when} ${what}:\n${stdout}${stderr}`);
    },
    write: (name, text) => lab.write(`guest/files/${name}`, text),
    async volumes(group) {
      const fields = 'lv_name,lv_size,origin';
      const told = await sh(`lvs --noheadings --units m --nosuffix --separator ' ' -o ${fields} ${group}`);
      return told
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => {
          const [name = '', size = '', origin = ''] = line.trim().split(' ');
          return `${name} ${Number(size)}${origin === '' ? '' : ` of ${origin}`}`;
        })
        .sort();
    },
    async close() {
      to.end();
      await lab.close();
    },
  };
}
