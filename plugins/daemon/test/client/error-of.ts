import { isMlnError, type MlnError } from '@mln/core';

/** The error that some work ends with; a bug, and no error, are thrown. */
export async function errorOf(work: Promise<unknown>): Promise<MlnError> {
  const error = await work.then(
    () => new Error('it works'),
    (thrown: unknown) => thrown,
  );
  if (isMlnError(error)) return error;
  throw error as Error;
}
