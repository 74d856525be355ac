import type { Command, Option } from '../commands.js';
import { completionVerbs } from './completion-verbs.js';
import { diskVerbs } from './disk-verbs.js';
import { pluginVerbs } from './plugin-verbs.js';
import { setupVerbs } from './setup-verbs.js';
import { templateVerbs } from './template-verbs.js';
import { upgradeVerbs } from './upgrade-verbs.js';
import { allOrNothing, here, json, project, template, yes } from './usual-options.js';

/*
 * The verbs of the core. A verb's own code is loaded when it is run: `mln status` is typed often and must be quick.
 */

const file: Option = {
  flags: '-f, --file <file>',
  help: 'the project file; - is standard input; without it the only *.mln of the folder',
  completes: 'project-file',
};
const rehearse: Option = {
  flags: '--rehearse',
  help: 'as a test bed on this machine alone: User-Mode Linux, switches for bridges, no logical volumes',
};
const strict: Option = { flags: '--strict', help: 'a keyword that nobody knows is an error' };
const set: Option = {
  flags: '--set <assignments>',
  help: 'sets variables of global: name=value,name=value; may be repeated',
  repeats: true,
};
const all: Option = { flags: '-a, --all', help: 'all projects' };
const hosts: Option = {
  flags: '-h, --host <hosts>',
  help: 'only these hosts, separated by commas',
  completes: 'hosts',
};
const sleep: Option = { flags: '-s, --sleep <seconds>', help: 'one host at a time, with a pause between' };

const waitReady: Option = {
  flags: '--wait [seconds]',
  help: 'wait until all hosts are ready (120 s where no number is given)',
};

/** What every verb takes that reads a project file. */
export const reading: readonly Option[] = [file, set, rehearse, template, strict];

export const coreVerbs: readonly Command[] = [
  {
    name: 'build',
    summary: 'Builds a project: makes its disks, configures its guests, writes its scripts.',
    options: [
      ...reading,
      yes,
      { flags: '-r, --replace', help: 'replace the project where it exists; its disks are made anew' },
      { flags: '--dry-run', help: 'show what would be built, and build nothing' },
      { flags: '--allow-unknown', help: 'build in spite of keywords that nobody knows' },
      allOrNothing,
      json,
    ],
    run: async (...args) => (await import('./verbs/build.js')).build(...args),
  },
  {
    name: 'validate',
    summary: 'Checks a project file, and touches nothing.',
    options: [...reading, json],
    run: async (...args) => (await import('./verbs/validate.js')).validate(...args),
  },
  {
    name: 'parse',
    summary: 'Shows the tree of a project file, or (--resolved) what it comes to.',
    options: [
      ...reading,
      json,
      { flags: '--resolved', help: 'after inheritance, variables and plug-ins' },
      {
        flags: '--format <format>',
        help: 'print the tree as mln, or as a plug-in’s format',
        completes: async (mln) => (await import('./completion-words.js')).printed(mln),
      },
      { flags: '--show-secrets', help: 'print passwords' },
    ],
    run: async (...args) => (await import('./verbs/parse.js')).parse(...args),
  },
  {
    name: 'why',
    summary: 'Tells what set a value: each line, superclass, variable and plug-in that had a say.',
    arguments: '<host.keyword>',
    completes: ['keyword'],
    options: [...reading, json],
    run: async (...args) => (await import('./verbs/why.js')).why(...args),
  },
  {
    name: 'diff',
    summary: 'Compares two project files, or versions of a built project (@N), host by host and keyword by keyword.',
    arguments: '<old> [new]',
    completes: ['project-file', 'project-file'],
    options: [set, rehearse, strict, project, json],
    run: async (...args) => (await import('./verbs/diff.js')).diff(...args),
  },
  {
    name: 'fmt',
    summary: 'Lays a project file out in the usual way; its meaning and its comments stay.',
    options: [file, { flags: '--check', help: 'change nothing; exit with 2 where a file would change' }],
    run: async (...args) => (await import('./verbs/fmt.js')).fmt(...args),
  },
  {
    name: 'explain',
    tolerant: true,
    summary: 'Explains an error code or a keyword.',
    arguments: '<code-or-keyword>',
    completes: [async (mln) => (await import('./completion-words.js')).explained(mln)],
    options: [json],
    run: async (...args) => (await import('./verbs/explain.js')).explain(...args),
  },
  {
    name: 'start',
    tolerant: 'warned',
    summary: 'Starts projects: switches, then hosts in boot order.',
    arguments: '[project]',
    completes: ['project'],
    options: [
      project,
      all,
      hosts,
      sleep,
      waitReady,
      here,
      allOrNothing,
      {
        flags: '-t, --term <term>',
        help: 'show consoles by screen, xterm or not at all (none)',
        completes: ['screen', 'xterm', 'none'],
      },
    ],
    run: async (...args) => (await import('./verbs/start.js')).start(...args),
  },
  {
    name: 'stop',
    tolerant: 'warned',
    summary: 'Stops projects: asks hosts to shut down, in reverse boot order, then stops switches.',
    arguments: '[project]',
    completes: ['project'],
    options: [
      project,
      all,
      hosts,
      sleep,
      { flags: '-w, --wait <seconds>', help: 'destroy what still runs after so many seconds; 0: at once' },
      here,
      { flags: '--save', help: 'save the memory of hosts instead: the next start goes on with it' },
    ],
    run: async (...args) => (await import('./verbs/stop.js')).stop(...args),
  },
  {
    name: 'restart',
    tolerant: 'warned',
    summary: 'Stops and starts projects.',
    arguments: '[project]',
    completes: ['project'],
    options: [
      project,
      all,
      hosts,
      sleep,
      { flags: '-w, --destroy <seconds>', help: 'destroy what still runs after so many seconds; 0: at once' },
      waitReady,
      here,
    ],
    run: async (...args) => (await import('./verbs/restart.js')).restart(...args),
  },
  {
    name: 'status',
    tolerant: 'warned',
    summary: 'Shows which hosts and switches run.',
    arguments: '[project]',
    completes: ['project'],
    options: [
      project,
      all,
      hosts,
      json,
      { flags: '-s, --switch <switches>', help: 'only these switches, separated by commas', completes: 'switches' },
      here,
      { flags: '-u, --up', help: 'only what is up' },
      { flags: '-d, --down', help: 'only what is down' },
      { flags: '--check', help: 'exit with 2 when something shown is not up' },
    ],
    run: async (...args) => (await import('./verbs/status.js')).status(...args),
  },
  {
    name: 'list',
    tolerant: 'warned',
    summary: 'Lists the built projects.',
    options: [json],
    run: async (...args) => (await import('./verbs/list.js')).list(...args),
  },
  {
    name: 'remove',
    tolerant: 'warned',
    summary: 'Removes a project that is stopped, with its disks.',
    arguments: '[project]',
    completes: ['project'],
    options: [project, here, yes],
    run: async (...args) => (await import('./verbs/remove.js')).remove(...args),
  },
  {
    name: 'console',
    tolerant: 'warned',
    summary: 'Opens the console of a host that runs; Ctrl-] leaves it.',
    arguments: '<host>',
    completes: ['host'],
    options: [project],
    run: async (...args) => (await import('./verbs/console.js')).console(...args),
  },
  {
    name: 'log',
    tolerant: 'warned',
    summary: 'Shows what a host has written on its console.',
    arguments: '<host>',
    completes: ['host'],
    options: [project, { flags: '-f, --follow', help: 'go on as it grows' }],
    run: async (...args) => (await import('./verbs/log.js')).log(...args),
  },
  {
    name: 'clean',
    tolerant: 'warned',
    summary: 'Takes away what a crash has left: sockets, pid files, unfinished builds.',
    arguments: '[project]',
    completes: ['project'],
    options: [project],
    run: async (...args) => (await import('./verbs/clean.js')).clean(...args),
  },
  ...upgradeVerbs(reading),
  ...diskVerbs,
  ...templateVerbs,
  ...pluginVerbs,
  ...completionVerbs,
  ...setupVerbs,
  {
    name: 'config',
    tolerant: true,
    summary: 'Shows the configuration that counts here.',
    options: [json, { flags: '--show-origin', help: 'say where each value comes from' }],
    run: async (...args) => (await import('./verbs/config.js')).config(...args),
  },
  {
    name: 'doctor',
    tolerant: true,
    summary: 'Tells what this machine can do, by trying it out, and what is to be installed.',
    arguments: '[names...]',
    completes: [async (mln) => (await import('./completion-words.js')).examined(mln)],
    options: [json],
    run: async (...args) => (await import('./verbs/doctor.js')).doctor(...args),
  },
  {
    name: 'version',
    tolerant: true,
    summary: 'Shows the versions of mln’s plug-in API and of the loaded plug-ins.',
    options: [json],
    run: async (...args) => (await import('./verbs/version.js')).version(...args),
  },
];
