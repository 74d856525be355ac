import { createHash } from 'node:crypto';
import { failure, messageOf, type Project, type Switch } from '@mln/core';
import type { Daemon } from '../server/route.js';
import { here, runningPart, type LocalPart } from './part.js';
import { othersOf } from './shape.js';
import type { JoinedStore } from './state.js';
import { readVxlans } from './vxlan.js';

/** After so many numbers that are taken somewhere there is more wrong than chance. */
const ATTEMPTS = 64;

/** The network identifiers (24 bits, RFC 7348) that a switch may have, in the order in which they are tried: on all servers the same. */
export function* numbersFor(
  { name, secret }: Pick<Project, 'name' | 'secret'>,
  unit: Pick<Switch, 'name'>,
): Generator<number, void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const number = digest('number', secret, name, unit.name, String(attempt)).readUIntBE(0, 3);
    if (number > 0) yield number;
  }
}

/** The name of the network interface that a switch's VXLAN is on each server; as long as names may be. */
export function deviceOf({ name, secret }: Pick<Project, 'name' | 'secret'>, unit: Pick<Switch, 'name'>): string {
  return `mlnx${digest('device', secret, name, unit.name).toString('hex').slice(0, 11)}`;
}

function digest(what: string, secret: string | null, ...names: readonly string[]): Buffer {
  return createHash('sha256')
    .update(['tunnel', what, secret ?? '', ...names].join('\0'))
    .digest();
}

/** The numbers of switches, which must be free on all their servers: the centre chooses, and each server keeps it free. */
export interface Numbers {
  /** As the centre: chooses the number of a switch, and has the others keep it. Those that do not answer are asked when they ask. */
  choose(part: LocalPart): Promise<number>;
  /** Keeps a number for a part that runs, in the stead of an earlier one; tells whether it is free here. */
  keep(part: LocalPart, number: number): Promise<boolean>;
}

export function createNumbers(daemon: Daemon, store: JoinedStore): Numbers {
  const choosing = new Map<string, Promise<number>>();

  const keep = async (part: LocalPart, number: number): Promise<boolean> => {
    const { project, unit } = part;
    const device = deviceOf(project, unit);
    const isOurs = (each: { readonly project: string; readonly switch: string }): boolean =>
      each.project === project.name && each.switch === unit.name;
    const [links, kept] = await Promise.all([readVxlans(daemon.mln.shell), store.all()]);
    if (links.some((each) => each.number === number && each.name !== device)) return false;
    if (kept.some((each) => each.number === number && !isOurs(each))) return false;
    // A part that does not run asks when it does.
    if ((await runningPart(daemon, part)) === null) return true;
    const before = kept.find(isOurs);
    const joined = before?.joined ?? false;
    if (before?.number !== number || before.device !== device)
      await store.put({ project: project.name, switch: unit.name, joined, number, device });
    return true;
  };

  const numbers: Numbers = {
    choose(part) {
      const key = `${part.project.name}.${part.unit.name}`;
      const running = choosing.get(key) ?? choose(part).finally(() => choosing.delete(key));
      choosing.set(key, running);
      return running;
    },
    // One after the other: two switches are never promised one number.
    keep: (part, number) => store.alone(() => keep(part, number)),
  };
  return numbers;

  async function choose(part: LocalPart): Promise<number> {
    const { project, unit, shape, own } = part;
    const others = othersOf(shape, own);
    const path = `/v1/tunnels/${project.name}/${unit.name}/number`;
    for (const number of numbersFor(project, unit)) {
      if (!(await numbers.keep(part, number))) continue;
      const answers = await Promise.all(
        others.map((server) =>
          daemon.client
            .request(server, 'PUT', path, { body: { number } })
            .then((answer) => (answer as { readonly free: boolean }).free)
            .catch((error: unknown) => {
              daemon.logger.warn({ project: project.name, switch: unit.name, server }, messageOf(error));
              return true;
            }),
        ),
      );
      if (answers.every((free) => free)) return number;
    }
    throw failure('MLN_DAEMON', `no number is free for the tunnels of the switch ${unit.name}.${project.name}`, {
      hint: `ip -d link show type vxlan, on each of its servers, shows what has them; ${here(daemon)} asked`,
    });
  }
}
