import { failure, MlnError, type Mln, type Problem } from '@mln/core';
import { portable } from '../portable.js';
import type { Package } from '../protocol.js';

/** Faults that are told of one package. */
const MOST_TOLD = 20;

/** Throws MLN_BAD_REQUEST where there are faults. */
export function refuse(faults: readonly string[]): void {
  if (faults.length === 0) return;
  const more = faults.length > MOST_TOLD ? [`and ${faults.length - MOST_TOLD} more`] : [];
  const told = [...faults.slice(0, MOST_TOLD), ...more];
  throw new MlnError(
    told.map((fault): Problem => ({
      severity: 'error',
      code: 'MLN_BAD_REQUEST',
      message: `the project that was sent: ${fault}`,
    })),
  );
}

/** Throws for values that nest without end, or have names that stand for something else in JavaScript. */
export function refuseStrange(value: unknown): void {
  const strange = portable.strangeIn(value);
  if (strange !== null) throw failure('MLN_BAD_REQUEST', `the project that was sent ${strange}`);
}

/** What is wrong with a package, each of whose values is right. */
export function faultsOf(sent: Package, name: string): readonly string[] {
  const { project, source } = sent;
  return [
    ...(project.name === name ? [] : [`project.name: ${name} is expected, not ${project.name}`]),
    ...(includes.test(source) ? ['source: an #include is left in it'] : []),
    ...portable.portableFaults(sent),
  ];
}

/** An include as the grammar knows it: at the beginning of a statement. */
const includes = /(^|[;{}])[ \t\u00a0\ufeff]*#include(?=[ \t\r\n;}]|$)(?![ \t]*<)/m;

/** What this server cannot take: keywords that none of its plug-ins knows, values that they do not have, files that were not sent along. */
export function serverFaults(mln: Mln, sent: Package): readonly string[] {
  return portable.machineFaults(mln, sent);
}
