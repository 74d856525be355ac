import { failure, isMlnError, type ExitCode, type MlnError, type Problem } from '@mln/core';
import type { ErrorBody } from '../protocol.js';

/** The status of an answer that tells of a problem. */
const statuses: Readonly<Record<string, number>> = {
  MLN_BAD_REQUEST: 400,
  MLN_NO_CERTIFICATE: 401,
  MLN_BAD_CERTIFICATE: 401,
  MLN_NOT_ALLOWED: 403,
  MLN_NO_PROJECT: 404,
  MLN_NO_OPERATION: 404,
  MLN_NO_UNIT: 404,
  MLN_LOCKED: 409,
  MLN_PROJECT_EXISTS: 409,
  MLN_PROJECT_RUNS: 409,
  MLN_NO_BLOB: 424,
  MLN_WRONG_PROTOCOL: 426,
  MLN_NO_SERVER: 502,
  MLN_DAEMON: 503,
  MLN_NO_SPACE: 507,
};
/** That of any other problem that is told to users. */
const OTHER = 422;
const FAULT = 500;

/** What is answered where a request is refused. */
export interface Refusal {
  readonly status: number;
  readonly body: ErrorBody;
  readonly headers?: Readonly<Record<string, string>>;
  /** It is a fault of mln: the log has it, the client only learns that it is one. */
  readonly fault?: unknown;
}

/** What whatever was thrown is answered as. */
export function refusalOf(error: unknown): Refusal {
  if (!isMlnError(error))
    return {
      status: FAULT,
      body: {
        problems: [{ severity: 'error', code: 'MLN_FAULT', message: 'this is a fault of mln; its log says more' }],
        exit: 1,
      },
      fault: error,
    };
  const [status, headers] = marked.get(error) ?? [statuses[error.code] ?? OTHER];
  return { status, body: bodyOf(error), ...(headers === undefined ? {} : { headers }) };
}

function bodyOf({ problems, exit }: { readonly problems: readonly Problem[]; readonly exit: ExitCode }): ErrorBody {
  return { problems, exit };
}

/** Errors that have a status of their own. */
const marked = new WeakMap<MlnError, readonly [status: number, headers?: Readonly<Record<string, string>>]>();

/** A bad request, with a status that says more than 400. */
export function badRequest(
  message: string,
  { status = 400, headers, hint }: { status?: number; headers?: Readonly<Record<string, string>>; hint?: string } = {},
): MlnError {
  const error = failure('MLN_BAD_REQUEST', message, { hint });
  marked.set(error, headers === undefined ? [status] : [status, headers]);
  return error;
}
