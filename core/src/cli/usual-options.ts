import type { Option } from '../commands.js';

export const json: Option = { flags: '--json', help: 'print one JSON document' };
export const yes: Option = { flags: '-y, --yes', help: 'do not ask' };
export const project: Option = { flags: '-p, --project <name>', help: 'the project', completes: 'project' };
export const template: Option = {
  flags: '--template <name>',
  help: 'with --rehearse: what all hosts are made from, in the stead of their own templates',
  completes: 'template',
};
export const here: Option = { flags: '--here', help: 'only what is on this machine, wherever the project is at home' };
export const allOrNothing: Option = {
  flags: '--all-or-nothing',
  help: 'take back what was done where something fails on a server, or of a host',
};
