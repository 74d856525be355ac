import * as core from '@mln/core';
import { createMln, doctorHook, type Plugin, type Scratch, type Shell, type ShellResult } from '@mln/core';
import { createCheckList, examine, type Examined } from '../../core/src/doctor.js';
import { withScratch } from '../../core/src/doctor-scratch.js';
import { commandFailed, noProgram } from '../../core/src/shell.js';

/** What a program prints on a machine that is made up; null: it is not installed. */
export type Answer = (program: string, args: readonly string[]) => Partial<ShellResult> | string | null;

/** A shell for a machine that is made up. It answers the search for programs by what is installed. */
export function fakeShell(answer: Answer): Shell {
  return (program, args, options = {}) => {
    const script = program === 'sh' ? (args[1] ?? '') : '';
    const said = script.includes('command -v "$each"')
      ? args
          .slice(3)
          .filter((each) => answer(each, []) === null)
          .map((each) => `${each}\n`)
          .join('')
      : answer(program, args);
    if (said === null) return Promise.reject(noProgram(program));
    const result = { exitCode: 0, stdout: '', stderr: '', ...(typeof said === 'string' ? { stdout: said } : said) };
    return (options.accept ?? [0]).includes(result.exitCode)
      ? Promise.resolve(result)
      : Promise.reject(commandFailed(program, args, result));
  };
}

interface Machine {
  readonly shell: Shell;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Names as on the command line; all where left out. */
  readonly only?: readonly string[];
  readonly projects?: string;
}

/** What a plug-in's checks find on a machine, by their names. */
export async function found(
  plugin: Plugin,
  { shell, options = {}, only, projects = '/projects' }: Machine,
): Promise<ReadonlyMap<string, Examined>> {
  const folders = { projects, templates: '/templates', files: '/files' };
  const mln = await createMln({
    core,
    shell,
    folders,
    configuration: { plugins: [], template: 'tiny', serviceHost: null, stopWait: 60, folders, origins: {} },
    plugins: [{ name: 'it', version: '1.0.0', api: '^1.0.0', source: 'test', options, plugin }],
  });
  const list = createCheckList();
  await doctorHook(mln).promise(list);
  const chosen = list.all.filter(({ check }) => only?.includes(check.id) ?? true);
  const all = await withScratch((scratch: Scratch) => examine(chosen, scratch, () => only !== undefined));
  return new Map(all.map((each) => [each.check, each]));
}
