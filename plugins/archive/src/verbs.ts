import type { Commands, Option } from '@mln/core';

const json: Option = { flags: '--json', help: 'print one JSON document' };
const yes: Option = { flags: '-y, --yes', help: 'do not ask' };

/** `mln export` and `mln import`. Their code is loaded when they are run. */
export function addVerbs(commands: Commands): void {
  commands.add({
    name: 'export',
    summary: 'Writes a built project into one file, from which another machine builds the same.',
    arguments: '<file>',
    completes: ['file'],
    options: [
      { flags: '-p, --project <name>', help: 'the project', completes: 'project' },
      { flags: '--with-disks', help: 'with the disks of its hosts, as they are now' },
      { flags: '-r, --replace', help: 'replace the file where it exists' },
      yes,
      json,
    ],
    manual: {
      description: [
        'The file is a tar archive that is compressed with zstd: the project as it was built (hardware addresses, passwords and all), its project file, the templates that its hosts are made from, and the files that they copy. It is for you alone to read. `-` is standard output.',
        'With `--with-disks` the disks are in it, whole; zeros take no room. The hosts must be down. Swap areas, disks that were there before the project, and disks that are kept aside stay.',
      ],
      examples: [
        ['mln export -p lab lab.mlnx', 'The project, its templates and files.'],
        ['mln export -p lab --with-disks lab.mlnx', 'And what is on its disks.'],
        ['mln export -p lab - | ssh server mln import -y -', 'Straight to another machine.'],
      ],
    },
    run: async (...args) => (await import('./export.js')).exportProject(...args),
  });
  commands.add({
    name: 'import',
    summary: 'Builds a project from a file that an export has written.',
    arguments: '<file>',
    completes: ['file'],
    options: [yes, json],
    manual: {
      description: [
        'Templates that are not here yet are added to the repository, and the project is built as it was; where the file has its disks, they take the place of new ones. Nothing is there until all is: an import that is cut off leaves no project.',
        'Nothing in the file is taken on trust: names, sizes and digests are checked while it is read. What the project wants of this machine (kernels, devices, folders, scripts that run here) is shown, and asked about first. `-` is standard input, and needs `-y`.',
      ],
      examples: [
        ['mln import lab.mlnx', 'Shows what it wants of this machine, asks, and builds it.'],
        ['tar --zstd -tf lab.mlnx', 'What such a file holds.'],
      ],
    },
    run: async (...args) => (await import('./import.js')).importProject(...args),
  });
  // What a killed import has left goes with the rest.
  commands.wrap('clean', async (context, args, options, next) => {
    await (await import('./leftovers.js')).removeLeftovers(context);
    return next(context, args, options);
  });
}
