import type { Commands } from '@mln/core';

const json = { flags: '--json', help: 'print one JSON document' };

export function addVerbs(commands: Commands): void {
  commands.add({
    name: 'lvm list',
    summary: 'Lists the logical volumes that mln has made, and those of templates.',
    options: [json],
    // Loaded when it is run, like the verbs of the core.
    run: async (...args) => (await import('./verb-list.js')).list(...args),
  });
  commands.add({
    name: 'lvm prune',
    summary: 'Removes the volumes of templates that no snapshot stands on.',
    options: [{ flags: '-y, --yes', help: 'ask nothing' }],
    run: async (...args) => (await import('./verb-list.js')).prune(...args),
  });
}
