import pc from 'picocolors';
import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { placeText } from '../../place-text.js';
import { checkPlugin } from '../../plugin-check/check-plugin.js';
import type { Finding } from '../../plugin-check/findings.js';

/** `mln plugin check PATH`: line by line what is right and what is wrong with a plug-in, or with a pack. */
export async function check(
  { mln, terminal }: CommandContext,
  [path = '.']: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const found = await checkPlugin(mln, path);
  const wrong = found.filter(({ state }) => state === 'wrong').length;
  if (options['json'] === true) terminal.json({ apiVersion: 'mln/v1', kind: 'PluginCheck', items: found.map(item) });
  else terminal.print([...lines(found), '', summary(found, wrong)].join('\n'));
  return wrong === 0 ? Exit.done : Exit.badConfiguration;
}

function item({ state, what, detail, code, place, hint }: Finding): object {
  const { file = null, line = null, column = null } = place ?? {};
  return { state, what, detail, code: code ?? null, file, line, column, hint: hint ?? null };
}

const marks: Record<Finding['state'], () => string> = {
  ok: () => pc.green('✓'),
  warning: () => pc.yellow('!'),
  wrong: () => pc.red('✗'),
};

function lines(found: readonly Finding[]): string[] {
  const width = Math.max(...found.map(({ what }) => what.length));
  return found.flatMap(({ state, what, detail, code, place, hint }) => {
    const where = place ? `${placeText(place)}: ` : '';
    const said = `${marks[state]()} ${what.padEnd(width)}  ${where}${code === undefined ? '' : `${code}: `}${detail}`;
    return hint === undefined ? [said] : [said, `  ${' '.repeat(width)}  ${pc.dim('→')} ${hint}`];
  });
}

function summary(found: readonly Finding[], wrong: number): string {
  const doubtful = found.filter(({ state }) => state === 'warning').length;
  const better = doubtful === 0 ? '' : `; ${doubtful} could be better`;
  return wrong === 0 ? `It can be used${better}.` : `It cannot be used as it is: ${wrong} wrong${better}.`;
}
