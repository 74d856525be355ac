import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import type { Command, CommandOptions } from '../src/commands.js';
import { failure, isMlnError } from '../src/errors.js';
import { furnish, upgradeWorld, type UpgradeWorld } from './upgrade-world.js';

/*
 * Verbs that plan and upgrade, run on a machine of their own. Each test begins without a project.
 */

export const root = realpathSync(mkdtempSync(join(tmpdir(), 'mln-upgrade-verbs-')));
export const file = join(root, 'source/project.mln');
/** Where plans are kept. */
export const out = join(root, 'plan.json');
export let world: UpgradeWorld;

beforeAll(async () => {
  await furnish(root);
  world = await upgradeWorld(root, 'projects');
});
beforeEach(() => {
  world.clear();
  rmSync(out, { force: true });
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

export interface Said {
  readonly exit: number;
  readonly printed: readonly string[];
  readonly noted: readonly string[];
  readonly asked: readonly string[];
  readonly json?: unknown;
  /** Code and message of what is wrong. */
  readonly errors: readonly string[];
}

/** Runs a verb; whoever is asked says yes, or (null) is not to be asked. */
export async function run(
  verb: Command['run'],
  args: readonly string[],
  options: CommandOptions = {},
  answer: boolean | null = null,
): Promise<Said> {
  const said = { printed: [] as string[], noted: [] as string[], asked: [] as string[], json: undefined as unknown };
  const linesOf = (text: string): readonly string[] =>
    stripVTControlCharacters(text).replaceAll(`${root}/`, '').split('\n');
  const terminal = {
    print: (text: string) => said.printed.push(...linesOf(text)),
    json: (value: unknown) => (said.json = value),
    note: (text: string) => said.noted.push(...linesOf(text)),
    confirm: (question: string) => {
      said.asked.push(question);
      if (answer === null) throw new Error('nothing is to be asked');
      return answer ? Promise.resolve() : Promise.reject(failure('MLN_NOT_CONFIRMED', 'nothing was done'));
    },
    report: () => undefined,
  };
  try {
    const exit = await verb({ mln: world.mln, terminal, version: '1.0.0', commands: [] }, args, options);
    return { ...said, exit, errors: [] };
  } catch (error) {
    if (!isMlnError(error)) throw error;
    const errors = error.problems.map(({ code, message }) => `${code} ${message.replaceAll(`${root}/`, '')}`);
    return { ...said, exit: error.exit, errors };
  }
}

/** Runs a verb that reads the project file. */
export async function withFile(
  verb: Command['run'],
  text: string,
  options: CommandOptions = {},
  args: readonly string[] = [],
): Promise<Said> {
  writeFileSync(file, text);
  return run(verb, args, { file, ...options });
}

export const text = (hosts: string): string => `global { project p }\n${hosts}\nswitch lan { }\n`;
export const card = (address: number): string => `network eth0 { switch lan; address 10.0.0.${address}/24 }`;
export const first = text(`host a { ${card(1)} }\nhost b { ${card(2)}; root_password geheim }`);
export const second = text(`host a { memory 256M; ${card(1)} }\nhost c { ${card(3)} }`);

export async function built(project: string): Promise<void> {
  await world.build(await world.read(project));
}

export async function versions(...texts: readonly string[]): Promise<void> {
  const [begin = '', ...others] = texts;
  await built(begin);
  for (const each of others) await world.upgrade(await world.read(each));
}

export function stateFile(): string {
  return readFileSync(join(world.mln.folders.projects, 'p/state.json'), 'utf8');
}

export function timeless(line: string): string {
  return line.replace(/\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?/, 'TIME').replace(/ +/g, ' ');
}
