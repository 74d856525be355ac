import type { Manual } from '../commands.js';
import { upgradeTexts } from './upgrade-texts.js';

/** What the manual says of the core’s verbs beyond their summaries, by their names. */
export const verbTexts: Readonly<Record<string, Manual>> = {
  ...upgradeTexts,
  build: {
    description: [
      'Each host’s disk is made from its template and configured: name, network, users, files, what runs at its boot. A disk that stands on its template (copy-on-write) holds only what differs. Beside the disks stand the scripts `start` and `stop`, which run by hand as well.',
      'A project is built whole or not at all: it takes its place in one step. Where it is there already, `-r` replaces it, its disks included; nothing is replaced while it runs.',
    ],
    examples: [
      ['mln build -f ring.mln', 'Builds a project.'],
      ['mln build -f ring.mln -r -y', 'Builds it anew, with new disks, and asks nothing.'],
      ['mln build -f lab.mln --set students=30 --dry-run', 'Shows what a variable would come to.'],
    ],
  },
  validate: {
    description: ['All errors are told at once, each with its line.'],
    examples: [['mln validate -f ring.mln --strict', 'Fails where a keyword is unknown, too.']],
  },
  parse: {
    examples: [
      ['mln parse -f ring.mln --resolved --json', 'The project as other programs read it.'],
      ['mln parse -f ring.mln --format yaml', 'The same file in YAML.'],
    ],
  },
  why: { examples: [['mln why -f ring.mln router1.memory', 'Tells which lines set the memory of router1.']] },
  fmt: { examples: [['mln fmt -f ring.mln --check', 'Exits with 2 where the file would change.']] },
  explain: {
    examples: [
      ['mln explain memory', 'Tells what a keyword takes.'],
      ['mln explain MLN_NO_SWITCH', 'Tells what to do about an error.'],
    ],
  },
  start: {
    description: [
      'What runs already is left alone, so the same command after a failure starts the rest. With `--wait` it ends when each guest has said that it is up, and fails where one does not.',
    ],
    examples: [
      ['mln start -p ring --wait', 'Starts a project, and waits until its hosts are ready.'],
      ['mln start -p ring -h router1,router2', 'Starts two of its hosts, and the switches they need.'],
      ['mln start -a -s 3', 'Starts all projects, with three seconds between hosts.'],
    ],
  },
  stop: {
    description: [
      'Without `-w` nothing is destroyed: it waits (`stop_wait` of the configuration), tells what still runs, and exits with 3.',
    ],
    examples: [
      ['mln stop -p ring', 'Asks all hosts to shut down, and waits.'],
      ['mln stop -p ring -w 120', 'Destroys after two minutes what still runs.'],
    ],
  },
  restart: { examples: [['mln restart -p ring -h router1 --wait', 'Restarts one host, and waits until it is ready.']] },
  status: {
    examples: [
      ['mln status', 'Shows all projects.'],
      ['mln status -p ring --check', 'Exits with 2 when something is not up.'],
      ['mln status -p ring -u -h router1', 'Shows a host where it is up.'],
    ],
  },
  list: { examples: [['mln list --json', 'The built projects, as other programs read them.']] },
  remove: {
    description: ['A project that runs is not removed. Templates stay.'],
    examples: [['mln remove -p ring -y', 'Removes a project, and asks nothing.']],
  },
  console: { examples: [['mln console router1.ring', 'Joins the console of a host; Ctrl-] leaves it.']] },
  log: { examples: [['mln log router1.ring -f', 'Shows what it writes, as it comes.']] },
  clean: {
    description: ['Other verbs do the same for the project they work on; this one looks at all of them.'],
  },
  'template add': {
    description: [
      'An image of ext2, ext3 or ext4 without a partition table, also packed by gzip, xz or zstd. What is downloaded must be known beforehand: by `--sha256`, or by `--index` and `--key`. The same command goes on where a download broke off.',
    ],
    examples: [
      ['mln template add debian.ext4.xz --name debian', 'Takes a file into the repository.'],
      ['mln template add --from web.shop -m "with its database"', 'Makes a stopped host’s disk the next version.'],
    ],
  },
  'template prune': { examples: [['mln template prune --keep 2 --dry-run', 'Shows which old versions would go.']] },
  'disk flatten': { examples: [['mln disk flatten web.shop', 'Makes a disk whole.']] },
  'disk resize': {
    description: [
      'A disk in a file is made larger beside itself and takes its place when it is whole, which needs room for what it holds; a logical volume grows where it is. A disk that stands on its template must be made whole first (`mln disk flatten`). No disk is made smaller.',
    ],
    examples: [
      ['mln disk resize web.shop 2G', 'Makes it 2 GiB large.'],
      ['mln disk resize web.shop +500M', 'Gives it 500 MiB more.'],
    ],
  },
  config: { examples: [['mln config --show-origin', 'Tells which file says what.']] },
  doctor: {
    description: [
      'It boots a guest and tries folders, networks and memory out, instead of trusting what is installed.',
    ],
    examples: [['mln doctor uml', 'What one plug-in needs.']],
  },
  setup: {
    description: [
      'It makes what mln uses and does not bring: folders, a configuration in which every value is explained, completion for bash, zsh and fish, manual pages, and with `--boot` a unit of systemd. On a terminal it asks; without one, and with any of `--user`, `--system`, `--service-host` and `-y`, it asks nothing: root gets the whole system, everybody else a single user.',
      'What is there stays. A configuration is never overwritten: what would be added to it is shown. A file that somebody changed is left alone and named. A second run changes nothing, and says so; the choices of the first are kept where none are given. `--remove` takes away what setup wrote and nobody changed, never projects or templates.',
      '`-P`, `-T` and `-F` before or behind it name folders that go into the configuration.',
    ],
    examples: [
      ['mln setup', 'Asks, and makes everything.'],
      ['mln setup --user --boot', 'For the calling user; projects start with the machine.'],
      ['sudo mln setup --service-host gateway1', 'For a server that is called gateway1.'],
      ['mln setup --check', 'Exits with 1 where something is missing or outdated.'],
      ['mln setup --system --prefix build/root', 'For packages: everything below a folder.'],
    ],
  },
  man: {
    description: [
      'On a terminal the page is shown by `man`(1) or `mandoc`(1); elsewhere, and where neither is there, it is printed as plain text. `project` is the language, `mln.config` the configuration.',
    ],
    examples: [
      ['mln man start', 'Shows what mln start does.'],
      ['mln man project', 'Shows the language.'],
      ['mln man --to /tmp/man', 'Writes all pages, below /tmp/man/man1 and man5.'],
    ],
  },
};
