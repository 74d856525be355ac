import type { Option } from '../commands.js';

export const json: Option = { flags: '--json', help: 'print one JSON document' };
export const yes: Option = { flags: '-y, --yes', help: 'do not ask' };
