import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex, PassThrough } from 'node:stream';
import { keep, type Held } from '../../src/tunnels/keeper.js';
import { plugIn } from '../../src/tunnels/plug.js';
import { hindrance, until } from './guests.js';

/** A connection: what is sent, and what comes, by hand. */
function connection(): { readonly stream: Duplex; readonly near: PassThrough; readonly far: PassThrough } {
  const [near, far] = [new PassThrough(), new PassThrough()];
  return { stream: Duplex.from({ readable: near, writable: far }), near, far };
}

/** A frame as vde_plug(1) writes it: its length in 16 bits, then itself. */
function frame(length: number): Buffer {
  const bytes = Buffer.alloc(length + 2, 0xff);
  bytes.writeUInt16BE(length);
  return bytes;
}

/** Sends frames until one comes out at the other end: a plug may be about to be taken in by its switch. */
async function passes(from: PassThrough, to: PassThrough): Promise<void> {
  const sending = setInterval(() => from.write(frame(100)), 50);
  try {
    await once(to, 'readable');
  } finally {
    clearInterval(sending);
  }
}

/** The user of least rights. */
const NOBODY = 65534;

async function switchIn(folder: string, user: SpawnOptions = {}): Promise<ChildProcess> {
  const args = ['-s', join(folder, 'ctl'), '-m', '0600', '--dirmode', '0700', '-f', '/dev/null'];
  const child = spawn('vde_switch', args, { stdio: ['pipe', 'ignore', 'ignore'], ...user });
  await until(() => existsSync(join(folder, 'ctl/ctl')));
  return child;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill();
  await once(child, 'exit');
}

/** The users of the processes of vde_plug(1) in a switch. */
function usersOf(ctl: string): number[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== `vde_plug\0${ctl}\0`) return [];
      return [Number(/^Uid:\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])];
    } catch {
      return [];
    }
  });
}

(hindrance === null ? describe : describe.skip)(`a plug in a vde_switch (${hindrance ?? 'for real'})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'mln-plug-'));
  let switched: ChildProcess;

  beforeAll(async () => {
    switched = await switchIn(folder);
  });
  afterAll(async () => {
    await ended(switched);
    rmSync(folder, { recursive: true });
  });

  test('frames go from plug to plug, whole, in whatever pieces they come', async () => {
    const [one, other] = [connection(), connection()];
    const plugs = await Promise.all([plugIn(folder), plugIn(folder)]);
    plugs[0].connect(one.stream);
    plugs[1].connect(other.stream);
    const sent = frame(600);
    for (const byte of sent) one.near.write(Buffer.of(byte));
    const heard: Buffer[] = [];
    other.far.on('data', (chunk: Buffer) => heard.push(chunk));
    await until(() => Buffer.concat(heard).length >= sent.length);
    expect(Buffer.concat(heard).equals(sent)).toBe(true);
    for (const plug of plugs) plug.end();
    expect(await Promise.all(plugs.map(({ ended }) => ended))).toEqual(['it was left', 'it was left']);
  });

  test('a connection that ends in the middle of a frame takes its plug with it, and the next frames are whole', async () => {
    const listener = connection();
    const listening = await plugIn(folder);
    listening.connect(listener.stream);
    const heard: Buffer[] = [];
    listener.far.on('data', (chunk: Buffer) => heard.push(chunk));

    const cut = connection();
    const first = await plugIn(folder);
    first.connect(cut.stream);
    cut.near.end(frame(600).subarray(0, 300));
    expect(await first.ended).toBe('the other end has closed the connection');
    const whole = connection();
    const second = await plugIn(folder);
    second.connect(whole.stream);
    whole.near.write(frame(100));
    await until(() => Buffer.concat(heard).length > 0);
    expect(Buffer.concat(heard).equals(frame(100))).toBe(true);
    second.end();
    listening.end();
    await Promise.all([second.ended, listening.ended]);
  });

  test('a connection on which nothing comes is asked for, and given up when nobody is there', async () => {
    const { stream, near } = connection();
    const plug = await plugIn(folder);
    let asked = 0;
    const probe = (): Promise<void> => {
      asked += 1;
      return asked < 3 ? Promise.resolve() : Promise.reject(new Error('gateway1 does not answer'));
    };
    plug.connect(stream, { probe, silence: 10 });
    near.write(frame(100));
    expect(await plug.ended).toBe('gateway1 does not answer');
    expect(asked).toBe(3);
    expect(stream.destroyed).toBe(true);
  });

  test('a switch that ends ends its plugs', async () => {
    const [one, other] = [connection(), connection()];
    const plugs = await Promise.all([plugIn(folder), plugIn(folder)]);
    plugs[0].connect(one.stream);
    plugs[1].connect(other.stream);
    await passes(one.near, other.far);
    switched.kill('SIGKILL');
    expect(await Promise.all(plugs.map(({ ended }) => ended))).toEqual([
      'the switch has ended',
      'the switch has ended',
    ]);
  });

  test('a plug runs as the user whose switch it is', async () => {
    const theirs = mkdtempSync(join(tmpdir(), 'mln-plug-'));
    chownSync(theirs, NOBODY, NOBODY);
    const their = await switchIn(theirs, { uid: NOBODY, gid: NOBODY });
    try {
      const [one, other] = [connection(), connection()];
      const plugs = await Promise.all([plugIn(theirs), plugIn(theirs)]);
      expect(usersOf(join(theirs, 'ctl'))).toEqual([NOBODY, NOBODY]);
      plugs[0].connect(one.stream);
      plugs[1].connect(other.stream);
      await passes(one.near, other.far);
      for (const plug of plugs) plug.end();
      await Promise.all(plugs.map(({ ended }) => ended));
    } finally {
      await ended(their);
      rmSync(theirs, { recursive: true });
    }
  });

  test('where there is no switch', async () => {
    await expect(plugIn(join(folder, 'none'))).rejects.toMatchObject({ code: 'MLN_IO' });
  });
});

describe('what is kept', () => {
  test('is brought about again, until it is not wanted any more', async () => {
    const told: unknown[] = [];
    const ends: ((why: string) => void)[] = [];
    let attempts = 0;
    const keeper = keep({
      attempt() {
        attempts += 1;
        if (attempts === 1) return Promise.reject(new Error('not yet'));
        if (attempts === 4) return Promise.resolve(null);
        const ended = new Promise<string>((resolve) => ends.push(resolve));
        return Promise.resolve({ ended, end: () => undefined });
      },
      final: () => false,
      told: (problem) => told.push(problem instanceof Error ? problem.message : problem),
    });
    await keeper.up(AbortSignal.timeout(5000));
    expect(keeper.holds()).toBe(true);
    ends[0]?.('cut');
    await until(() => attempts === 3);
    await keeper.up(AbortSignal.timeout(5000));
    ends[1]?.('cut');
    await keeper.over;
    expect(keeper.holds()).toBe(false);
    expect(told).toEqual(['not yet', null, 'cut', null, 'cut']);
    await expect(keeper.up(AbortSignal.timeout(5000))).rejects.toThrow('it runs no longer');
  });

  test('is ended when it is stopped, also where it comes too late', async () => {
    let ended = 0;
    let come: (held: Held) => void = () => undefined;
    const held: Held = {
      ended: new Promise(() => undefined),
      end: () => {
        ended += 1;
      },
    };
    const early = keep({ attempt: () => Promise.resolve(held), final: () => false, told: () => undefined });
    await early.up(AbortSignal.timeout(5000));
    await early.stop();
    expect(ended).toBe(1);
    const late = keep({
      attempt: () =>
        new Promise((resolve) => {
          come = resolve;
        }),
      final: () => false,
      told: () => undefined,
    });
    const stopped = late.stop();
    come(held);
    await stopped;
    expect(ended).toBe(2);
  });

  test('what is final is not waited for, and all the same tried again', async () => {
    let attempts = 0;
    const keeper = keep({
      attempt() {
        attempts += 1;
        return attempts < 3
          ? Promise.reject(new Error('not allowed'))
          : Promise.resolve({ ended: new Promise<string>(() => undefined), end: () => undefined });
      },
      final: (problem) => problem instanceof Error,
      told: () => undefined,
    });
    await expect(keeper.up(new AbortController().signal)).rejects.toThrow('not allowed');
    await until(() => keeper.holds());
    await keeper.stop();
  });
});
