import type { Option } from '../commands.js';

export const json: Option = { flags: '--json', help: 'print one JSON document' };
export const yes: Option = { flags: '-y, --yes', help: 'do not ask' };
export const project: Option = { flags: '-p, --project <name>', help: 'the project', completes: 'project' };
export const template: Option = {
  flags: '--template <name>',
  help: 'with --rehearse: what all hosts are made from, in the stead of their own templates',
  completes: 'template',
};
