import { Exit, type ExitCode } from '../../codes.js';
import type { CommandContext, CommandOptions } from '../../commands.js';
import { diffProjects, type Difference } from '../../diff.js';
import type { KeywordTable } from '../../keywords.js';
import { requireState, type State } from '../../state.js';
import { table } from '../../terminal.js';
import { readHistory } from '../../upgrade/history.js';
import { chosenNames } from '../choose.js';
import { eachProject } from '../each-project.js';
import { count } from '../tell.js';

/** Lists the versions of a project that are kept, newest first: when each was made, and what it changed. */
export async function history(
  context: CommandContext,
  args: readonly string[],
  options: CommandOptions,
): Promise<ExitCode> {
  const { mln, terminal } = context;
  return eachProject(await chosenNames(context, args, options), async (name) => {
    const present = await requireState(mln.folders.projects, name);
    const kept = await readHistory(present.project.directory);
    const earlier = kept.filter(({ version }) => version < present.version).map(({ state }) => state);
    const versions = [...earlier, present].map((state, index, all) => entryOf(state, all[index - 1], mln.keywords));
    versions.reverse();
    if (options['json'] === true)
      terminal.json({ apiVersion: 'mln/v1', kind: 'History', project: name, items: versions });
    else
      terminal.print(
        table([
          ['VERSION', 'MADE', 'HOSTS', 'SWITCHES', 'WHAT CHANGED'],
          ...versions.map(({ version, at, hosts, switches, changed }) => [
            `@${version}`,
            at.replace(/T(\d\d:\d\d:\d\d).*/, ' $1'),
            String(hosts),
            String(switches),
            changed,
          ]),
        ]),
      );
    return Exit.done;
  });
}

interface Entry {
  readonly version: number;
  readonly at: string;
  readonly hosts: number;
  readonly switches: number;
  readonly changed: string;
}

function entryOf({ version, builtAt, project }: State, before: State | undefined, keywords: KeywordTable): Entry {
  const { hosts, switches } = project;
  const changed = before
    ? inShort(diffProjects(before.project, project, keywords))
    : version === 1
      ? 'built'
      : 'what was before is not kept';
  return { version, at: builtAt, hosts: hosts.length, switches: switches.length, changed };
}

/** `+ web; - old; ~ router1 (memory, users)`: of what changed in many, how many there are. */
function inShort(differences: readonly Difference[]): string {
  const MOST = 4;
  const words = (of: Difference['change']): readonly Difference[] => differences.filter(({ change }) => change === of);
  const listed = (all: readonly Difference[], word: (each: Difference) => string): string =>
    all.length > MOST ? count(all.length, 'unit') : all.map(word).join(', ');
  const keywordsOf = ({ changes }: Difference): string =>
    [...new Set(changes.map(({ path: [name = ''] }) => name))].slice(0, MOST).join(', ');
  const parts = [
    ['+', listed(words('added'), ({ name }) => name)],
    ['-', listed(words('removed'), ({ name }) => name)],
    [
      '~',
      listed(words('changed'), (each) => {
        const renamed = each.was === null ? [] : [`was ${each.was}`];
        return `${each.name} (${[...renamed, keywordsOf(each)].filter((part) => part !== '').join(', ')})`;
      }),
    ],
  ].flatMap(([sign = '', text = '']) => (text === '' ? [] : [`${sign} ${text}`]));
  return parts.join('; ') || 'nothing';
}
