import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { failure, isName, makeFolder, readIfThere, systemFailure, writeAtomically } from '@mln/core';

/** What is kept of a switch that is joined here, or for which a number is kept free. */
export interface Joined {
  readonly project: string;
  readonly switch: string;
  /** Whether it is to be joined again when the daemon starts. */
  readonly joined: boolean;
  /** Of a VXLAN: its network identifier, and its network interface. */
  readonly number: number | null;
  readonly device: string | null;
}

/** The switches that are joined on this server: a small file for each, `tunnels/PROJECT.SWITCH.json` of the state folder. */
export interface JoinedStore {
  all(): Promise<readonly Joined[]>;
  find(project: string, unit: string): Promise<Joined | null>;
  put(joined: Joined): Promise<void>;
  remove(project: string, unit: string): Promise<void>;
  /** Does something that reads and then writes, while nothing else does. */
  alone<T>(act: () => Promise<T>): Promise<T>;
}

export function createJoinedStore(state: string): JoinedStore {
  const folder = join(state, 'tunnels');
  const pathOf = (project: string, unit: string): string => {
    if (isName(project) && isName(unit)) return join(folder, `${project}.${unit}.json`);
    throw failure('MLN_BAD_STATE', `${unit}.${project} cannot be the name of a switch`);
  };
  const read = async (path: string): Promise<Joined | null> => {
    const text = await readIfThere(path);
    if (text === null) return null;
    try {
      return JSON.parse(text) as Joined;
    } catch (error) {
      throw failure('MLN_BAD_STATE', `${path} is damaged`, {
        cause: error,
        hint: 'remove it: mln start joins the switch again',
      });
    }
  };
  let last: Promise<unknown> = Promise.resolve();
  return {
    async all() {
      const names = await readdir(folder).catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
        throw systemFailure(error, `${folder} cannot be read`);
      });
      const found = await Promise.all(
        names.filter((name) => name.endsWith('.json')).map((name) => read(join(folder, name))),
      );
      return found.flatMap((each) => each ?? []);
    },
    find: (project, unit) => read(pathOf(project, unit)),
    async put(joined) {
      await makeFolder(folder);
      await writeAtomically(pathOf(joined.project, joined.switch), `${JSON.stringify(joined)}\n`);
    },
    remove: (project, unit) => rm(pathOf(project, unit), { force: true }),
    alone(act) {
      const acting = last.then(act);
      last = acting.catch(() => undefined);
      return acting;
    },
  };
}
