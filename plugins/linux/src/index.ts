import { doctorHook, type Mln } from '@mln/core';
import { checkValues } from './check-values.js';
import { warnOfOldPasswords } from './old-passwords.js';
import { checkSources } from './sources.js';

/** Linux inside the guest: each keyword's meaning, by the family that is found in its template. */
export default function linux(mln: Mln): void {
  mln.hooks.commands.tap('linux', (commands) => {
    commands.add({
      name: 'template build',
      summary: 'Makes a template by a recipe: tiny (busybox), or debian.',
      arguments: '<recipe>',
      completes: [['tiny', 'debian']],
      options: [
        {
          flags: '--init <init>',
          help: 'debian: quick (where left out), sysvinit or systemd',
          completes: ['quick', 'sysvinit', 'systemd'],
        },
        { flags: '--suite <suite>', help: 'debian: its suite; that of this machine, or stable, where left out' },
        {
          flags: '--mirror <url>',
          help: 'debian: where packages come from; where this machine gets its own where left out',
        },
        { flags: '--packages <list>', help: 'debian: packages beside the usual ones, with commas between' },
        { flags: '--size <size>', help: 'debian: that of its disk; what the packages take and 80 MiB where left out' },
        { flags: '--name <name>', help: 'its name; that of the recipe where left out' },
        { flags: '--version <version>', help: 'its version; the next one where left out' },
      ],
      run: async (...args) => (await import('./template-build.js')).templateBuild(...args),
    });
  });
  mln.hooks.resolveUnit.tap('linux', (unit, block) => {
    if (unit.kind === 'host') {
      checkValues(unit, block);
      warnOfOldPasswords(unit, block);
    }
    return unit;
  });
  // When its scripts are made: only whoever checks, plans or builds needs the files.
  mln.hooks.emitScripts.tap('linux', (unit, _scripts, project) => {
    if (unit.kind === 'host') checkSources(unit, project, mln.folders.files);
  });
  mln.hooks.configureFilesystem.tapPromise('linux', async (guest, host, previous) =>
    (await import('./configure.js')).configure(guest, host, previous, mln.folders.files),
  );
  doctorHook(mln).tapPromise('linux', async (checks) => {
    (await import('./doctor.js')).addChecks(checks, mln);
  });
}
