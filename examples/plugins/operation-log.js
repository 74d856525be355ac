// @ts-check
import { appendFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** @import { Mln, OperationEvent } from '@mln/core' */

/** What mln reads of a plug-in that is a lone file, before it runs a line of it. */
export const manifest = {
  name: 'operation-log',
  version: '1.0.0',
  api: '^1.0.0',
  options: {
    type: 'object',
    properties: { file: { type: 'string', description: 'The log; a relative path starts at the projects folder.' } },
    additionalProperties: false,
  },
};

/**
 * Logs every start and stop, and whatever else is done to projects: who, when, and what came of it.
 *
 * @param {Mln} mln
 * @param {{ file?: string }} options
 */
export default function operationLog(mln, { file = 'operations.log' }) {
  const path = resolve(mln.folders.projects, file);
  let hasFailed = false;
  mln.hooks.event.tap('operation-log', (event) => {
    if (event.state === 'step') return;
    try {
      // Opened for appending and written at once: lines of several mln do not mix, see write(2).
      appendFileSync(path, lineOf(event), { mode: 0o640 });
    } catch (error) {
      // A log that cannot be written is no reason to leave a guest running.
      if (!hasFailed) mln.log(`operation-log: ${mln.core.messageOf(error)}`);
      hasFailed = true;
    }
  });
}

/**
 * A line such as `2026-11-25T10:00:00.000Z jack start ring router1: done`.
 *
 * @param {OperationEvent} event
 */
function lineOf({ at, operation, project, unit, state, error }) {
  const what = [at, operation.user, operation.name, project, unit].filter((each) => each !== null).join(' ');
  return `${`${what}: ${state}${error ? `, ${error.message}` : ''}`.replace(/\s+/g, ' ')}\n`;
}
