import type { Mln } from '@mln/core';
import { addVerbs } from './verbs.js';

/** A project in one file: exported with its templates, its files and its disks, and imported on another machine. */
export default function archive({ hooks }: Mln): void {
  hooks.commands.tap('archive', addVerbs);
}
