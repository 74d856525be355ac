import { claim, isMlnError, type CommandOptions, type Plugin } from '@mln/core';
import graph from '@mln/plugin-graph';
import { createCommands } from '../../../core/src/commands.js';
import { testKernel } from '../../../test/support/test-kernel.js';

/** Runs every host and switch, with bridges and without; interfaces have ways out of their own. */
const everything: Plugin = ({ hooks }) => {
  hooks.keywords.tap('fake', (keywords) => {
    keywords.declare({ name: 'tun_iface', in: ['network'], kind: 'word', help: 'A tap.' });
    keywords.declare({ name: 'slirp', in: ['network'], kind: 'flag', help: 'slirp.' });
  });
  hooks.resolveUnit.tap('fake', (unit) => claim(unit, 'fake'));
};

/** What `mln graph` has said. */
export interface Said {
  readonly stdout: string;
  readonly stderr: string;
  /** Codes and messages of its errors, and their hints. */
  readonly errors: readonly string[];
  readonly exit: number;
}

/** Runs `mln graph` with these options. */
export async function draw(options: CommandOptions): Promise<Said> {
  const mln = await testKernel([everything, graph]);
  const commands = createCommands();
  mln.hooks.commands.call(commands);
  const verb = commands.all.find(({ name }) => name === 'graph');
  if (!verb) throw new Error('there is no verb graph');
  const [stdout, stderr]: [string[], string[]] = [[], []];
  const terminal = {
    print: (text: string) => void stdout.push(`${text}\n`),
    json: (value: unknown) => void stdout.push(`${JSON.stringify(value)}\n`),
    note: (text: string) => void stderr.push(`${text}\n`),
    confirm: () => Promise.reject(new Error('nothing is asked')),
    report: () => undefined,
  };
  const said = (exit: number, errors: readonly string[] = []): Said => ({
    stdout: stdout.join(''),
    stderr: stderr.join(''),
    errors,
    exit,
  });
  try {
    return said(await verb.run({ mln, terminal, version: '1.0.0', commands: [] }, [], options));
  } catch (error) {
    if (!isMlnError(error)) throw error;
    return said(
      error.exit,
      error.problems.map(({ code, message, hint }) => `${code} ${message}${hint === undefined ? '' : ` (${hint})`}`),
    );
  }
}
