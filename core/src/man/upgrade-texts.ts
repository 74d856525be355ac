import type { Manual } from '../commands.js';

/** What the manual says of the verbs that plan and upgrade. */
export const upgradeTexts: Readonly<Record<string, Manual>> = {
  plan: {
    description: [
      'Of a project that is built it shows what an upgrade would do: for each host and switch what changes, what becomes of the guest meanwhile, how many bytes would be copied, and which other guests would notice. A project that is not built, a host that is named, and `--build` show what a build would make: with a host its files are listed, with a path too that file is shown as the guest will have it.',
      'Nothing is written, but for `--out`: the plan is kept in a file for `mln apply`, which holds the project with its secrets and is for its owner alone.',
    ],
    examples: [
      ['mln plan -f ring.mln', 'What an upgrade would do, or the first build.'],
      ['mln plan -f ring.mln --out plan.json', 'Keeps it: mln apply plan.json does just that.'],
      ['mln plan -f ring.mln --detailed-exitcode', 'Exits with 2 where there is something to do.'],
      ['mln plan -f ring.mln router1 /etc/hosts', 'Shows one file of one guest.'],
    ],
  },
  upgrade: {
    description: [
      'Guests that need nothing are not touched. Some changes count from the next start (`boot_order`, `startup`); for some a host restarts (`memory`, `kernel`); for most it is shut down, its own disk is edited where it is, and it starts again: what mln wrote before and the file no longer says is taken out, what the guest itself has changed stays. `mln explain KEYWORD` tells which it is, `mln plan` tells it of a change.',
      'A disk becomes larger with the filesystem in it; smaller only with `--shrink`, where what is on it fits. Another template would make the disk anew, which `--rebuild` must agree to. A host that says `was OLDNAME` takes that host’s disk along. What a removed or rebuilt host had is kept aside for 14 days, or until `mln forget`.',
      'Whatever cuts it off, the next command puts each guest in its old or its new state, and says so.',
    ],
    examples: [
      ['mln upgrade -f ring.mln', 'Brings the project to what its file says.'],
      ['mln upgrade -f ring.mln --rebuild web', 'Agrees that web is made anew from its new template.'],
      ['mln upgrade -f ring.mln --pre-copy', 'Sends disks that move while their guests run.'],
    ],
  },
  apply: {
    description: [
      'It does what the plan says, whatever has become of the project file. It is refused where the project, the plug-ins or a template are no longer what they were when the plan was made.',
    ],
    examples: [['mln apply plan.json', 'Carries out what mln plan --out plan.json has kept.']],
  },
  undo: {
    description: [
      'It is an upgrade to the version before: disks that were put aside come back, names and keywords are what they were, and no disk becomes smaller. It tells what it will do, and asks. Done twice, it is back where it began.',
    ],
    examples: [['mln undo -p ring', 'Takes the last upgrade back.']],
  },
  history: {
    description: ['The last 50 versions are kept in the folder of the project; `mln diff` compares them.'],
    examples: [['mln history -p ring', 'Lists the versions, and what each has changed.']],
  },
  diff: {
    description: [
      '`@N` is version N of a project that is built, as `mln history` counts them; alone it is compared with the present one.',
    ],
    examples: [
      ['mln diff old.mln new.mln', 'What a change of a file comes to.'],
      ['mln diff -p ring @3', 'What has changed since version 3.'],
      ['mln diff -p ring @3 @5', 'What has changed from version 3 to 5.'],
      ['mln diff @3 ring.mln', 'What the file says otherwise than version 3 did.'],
    ],
  },
  forget: {
    description: [
      'The disks of hosts that were removed or rebuilt are kept aside for 14 days. Without a host they are listed.',
    ],
    examples: [
      ['mln forget -p ring', 'Lists what is kept.'],
      ['mln forget -p ring web', 'Removes what is kept of web.'],
    ],
  },
  migrate: {
    description: [
      'The guest is shut down, its disk is sent and verified, and it starts at the other server; only then the disk is removed here. At every moment one server at most may run it. With `--pre-copy` most of the disk goes while the guest still runs. Guests that run are not moved: `--live` says why.',
      'The project file is to say it too, `service_host SERVER`, or the next upgrade brings the host back.',
    ],
    examples: [['mln migrate web.shop --to backend2', 'Brings a host to another server.']],
  },
};
