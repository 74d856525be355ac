import type { Command, Option } from '../commands.js';
import { json, project, yes } from './usual-options.js';

const rebuild: Option = {
  flags: '--rebuild <hosts>',
  help: 'hosts whose disks are made anew from their templates; the old disks are kept aside',
  completes: 'hosts',
};
const shrink: Option = {
  flags: '--shrink <hosts>',
  help: 'hosts whose disks may be made smaller, where what is on them fits',
  completes: 'hosts',
};
const allowUnknown: Option = { flags: '--allow-unknown', help: 'in spite of keywords that nobody knows' };

const preCopy: Option = {
  flags: '--pre-copy',
  help: 'send disks that move while their guests run, and then only what has changed since',
};
const wait: Option = {
  flags: '-w, --wait <seconds>',
  help: 'destroy guests that are to stop and still run after so many seconds; 0: at once',
};
const start: Option = { flags: '--start', help: 'start all that it changes, also what did not run before' };

/** The verbs that plan, that change a project that is built, and that tell what it was. */
export function upgradeVerbs(reading: readonly Option[]): readonly Command[] {
  return [
    {
      name: 'plan',
      summary: 'Shows what an upgrade of a built project would do, or what a build would make.',
      arguments: '[host] [path]',
      completes: ['described-host'],
      options: [
        ...reading,
        { flags: '--build', help: 'what a build would make, though the project is built: every script, every file' },
        rebuild,
        shrink,
        { flags: '--out <file>', help: 'keep the plan in a file, for mln apply', completes: 'file' },
        { flags: '--detailed-exitcode', help: 'exit with 2 where there is something to do' },
        allowUnknown,
        json,
      ],
      run: async (...args) => (await import('./verbs/plan.js')).plan(...args),
    },
    {
      name: 'upgrade',
      summary: 'Brings a built project to what its file says now; guests that need nothing run on.',
      options: [...reading, rebuild, shrink, preCopy, wait, start, allowUnknown, json],
      run: async (...args) => (await import('./verbs/upgrade.js')).upgrade(...args),
    },
    {
      name: 'apply',
      summary: 'Carries out a plan that mln plan --out has kept, unless the project has changed since.',
      arguments: '<file>',
      completes: ['file'],
      options: [preCopy, wait, start, json],
      run: async (...args) => (await import('./verbs/apply.js')).apply(...args),
    },
    {
      name: 'undo',
      summary: 'Takes the last upgrade of a project back; disks that were kept aside come back.',
      arguments: '[project]',
      completes: ['project'],
      options: [project, wait, start, yes, json],
      run: async (...args) => (await import('./verbs/undo.js')).undo(...args),
    },
    {
      name: 'history',
      tolerant: 'warned',
      summary: 'Lists the versions of a project that are kept, and what each has changed.',
      arguments: '[project]',
      completes: ['project'],
      options: [project, json],
      run: async (...args) => (await import('./verbs/history.js')).history(...args),
    },
    {
      name: 'forget',
      summary: 'Lists the disks that are kept aside, or removes those of some hosts.',
      arguments: '[hosts...]',
      options: [project, { flags: '-a, --all', help: 'remove those of all hosts' }, yes, json],
      run: async (...args) => (await import('./verbs/forget.js')).forget(...args),
    },
    {
      name: 'migrate',
      summary: 'Brings a host to another server, with its disk; its guest is down on the way.',
      arguments: '<host>',
      completes: ['host'],
      options: [
        project,
        { flags: '--to <server>', help: 'the server that is to run it' },
        preCopy,
        wait,
        { flags: '--live', help: 'is not offered: it says why' },
        json,
      ],
      run: async (...args) => (await import('./verbs/migrate.js')).migrate(...args),
    },
  ];
}
