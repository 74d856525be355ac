import { isMlnError } from '@mln/core';
import type { Call } from '../server/route.js';

/** Tells whether whoever asks may read a project. */
export function mayRead(call: Pick<Call, 'require'>, project: string): boolean {
  try {
    call.require('read', project);
    return true;
  } catch (error) {
    if (isMlnError(error)) return false;
    throw error;
  }
}
