import type { Commands, Mln, Option, Wrapper } from '@mln/core';
import type { Options } from '../options.js';

const background: Option = {
  flags: '--background',
  help: 'do not wait for the end: print the operation’s id; mln log ID -f follows it',
};

/** Verbs that a server carries out as a whole. */
const carried = ['build', 'start', 'stop', 'restart', 'remove'] as const;
export type Carried = (typeof carried)[number];
/** Verbs of upgrades, which the home of the project carries out. */
const upgrading = ['upgrade', 'migrate', 'undo'] as const;

/** A verb of the core as it was called, and what ran it before. */
export interface Called {
  readonly mln: Mln;
  readonly options: Options;
  readonly context: Parameters<Wrapper>[0];
  readonly args: Parameters<Wrapper>[1];
  /** The options of the command line. */
  readonly given: Parameters<Wrapper>[2];
  readonly next: Parameters<Wrapper>[3];
}

type Act = (called: Called) => ReturnType<Wrapper>;

/** Verbs of the core that may be carried out elsewhere: where a project has its home, or where `--on` says. */
export function wrapVerbs(commands: Commands, mln: Mln, options: Options): void {
  const on: Option = {
    flags: '--on <server>',
    help: 'have that server do it, as the project’s home; unix is the daemon of this machine',
    completes: [...Object.keys(options.servers ?? {}), 'unix'],
  };
  const wrap = (verb: string, act: Act): void => {
    commands.wrap(verb, (context, args, given, next) => act({ mln, options, context, args, given, next }));
  };
  const asked = (help: string): Option => ({ ...on, help });
  for (const verb of [...carried, ...upgrading]) commands.option(verb, on);
  for (const verb of ['status', 'list'])
    commands.option(verb, asked('ask that server; unix is the daemon of this machine'));
  commands.option('log', asked('of an operation, by its id in the stead of a host: ask that server alone for it'));
  for (const verb of [...carried, ...upgrading]) commands.option(verb, background);
  for (const verb of carried)
    wrap(verb, async (called) =>
      verb === 'build'
        ? (await import('./build-elsewhere.js')).buildElsewhere(called)
        : (await import('./elsewhere.js')).elsewhere(verb, called),
    );
  wrap('upgrade', async (called) => (await import('./upgrade-elsewhere.js')).upgradeElsewhere(called));
  wrap('migrate', async (called) => (await import('./upgrade-elsewhere.js')).migrateElsewhere(called));
  wrap('undo', async (called) => (await import('./upgrade-elsewhere.js')).undoElsewhere(called));
  wrap('status', async (called) =>
    called.given['on'] === undefined
      ? (await import('./show-here.js')).statusHere(called)
      : (await import('./show-there.js')).showThere('status', called),
  );
  wrap('list', async (called) =>
    called.given['on'] === undefined
      ? (await import('./show-here.js')).listHere(called)
      : (await import('./show-there.js')).showThere('list', called),
  );
  wrap('log', async (called) => (await import('./log-there.js')).logThere(called));
  wrap('console', async (called) => (await import('./log-there.js')).consoleThere(called));
}
