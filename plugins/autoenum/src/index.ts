import type { Mln } from '@mln/core';
import { enumerate } from './enumerate.js';
import { keywords } from './keywords.js';
import { addScale } from './scale.js';

/** Counts out hosts of one superclass: the paper's render farm. */
export default function autoenum(mln: Mln): void {
  // When all verbs are there, those of other plug-ins too.
  mln.hooks.commands.tap({ name: 'autoenum', stage: 50 }, addScale);
  mln.hooks.keywords.tap('autoenum', (table) => {
    table.declare(...keywords);
  });
  mln.hooks.transformTree.tap('autoenum', enumerate);
}
