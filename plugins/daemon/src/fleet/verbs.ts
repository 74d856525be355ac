import type { Commands, Mln, Option } from '@mln/core';
import type { Options } from '../options.js';

const json: Option = { flags: '--json', help: 'print one JSON document' };
const watch: Option = {
  flags: '--watch [seconds]',
  help: 'show it over and over (every 2 s where no number is given)',
};
const group: Option = { flags: '-g, --group <groups>', help: 'only servers of these groups, separated by commas' };

/** `mln daemon-status`, `mln top`, and what a build is told of memory. */
export function addFleetVerbs(commands: Commands, _mln: Mln, options: Options): void {
  commands.option('build', {
    flags: '--overcommit',
    help: 'build though the guests of a server have more memory then than it lets them have',
  });
  commands.add({
    name: 'daemon-status',
    aliases: ['daemon_status'],
    summary: 'Shows the servers: projects, guests that run, memory, groups.',
    options: [group, { flags: '-s, --summary', help: 'only the total' }, watch, json],
    manual: {
      description: [
        'A line for each server of the configuration, and for this one. `Mem Used` is what the guests that run were given, `Mem Ava` what is left of the most that the server lets them have. A project that is on several servers is counted on each, and once in the total.',
        'A server that does not answer within the limit (5 s, the option timeout of @mln/plugin-daemon) is shown as n/a, and the command ends with 3.',
      ],
      examples: [
        ['mln daemon-status -g backends', 'Servers of the group backends.'],
        ['mln daemon-status --watch 5', 'Every five seconds.'],
      ],
    },
    run: async (context, _args, given) => (await import('./daemon-status.js')).daemonStatus(context, options, given),
  });
  commands.add({
    name: 'top',
    summary: 'Shows what the guests of all servers use just now, those that use most of a processor first.',
    options: [group, watch, json],
    manual: {
      description: [
        'It asks the servers of the configuration, and this one. `CPU` is in percent of one processor, `Memory` what the guest takes of its server’s; a dash stands where its hypervisor does not tell. Shown are the guests of projects that you may read.',
        'Servers that do not answer within the limit (5 s, the option timeout of @mln/plugin-daemon) are named, and the command ends with 3.',
      ],
      examples: [['mln top --watch', 'Every two seconds.']],
    },
    run: async (context, _args, given) => (await import('./top.js')).top(context, options, given),
  });
}
