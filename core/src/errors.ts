import { codes, Exit, type CoreCode, type ExitCode } from './codes.js';
import { MAX_ERRORS } from './limits.js';

/** Where something stands in a project: file, line and column (both from 1), and the #include it came through. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly includedFrom?: Place;
}

/** One thing that is wrong, or (a warning) only doubtful. A plug-in may bring codes of its own. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  readonly code: CoreCode | (string & {});
  readonly message: string;
  readonly place?: Place | undefined;
  readonly hint?: string | undefined;
  /** How the value came to stand there: the superclass, the plug-in. */
  readonly origin?: string | undefined;
}

export interface ErrorDetails {
  readonly hint?: string | undefined;
  readonly place?: Place | undefined;
  readonly origin?: string | undefined;
  readonly cause?: unknown;
  readonly exit?: ExitCode;
}

/**
 * The only error that is meant for users. It holds one problem or many; everything else that is thrown is a bug.
 * Recognise it by its code with {@link isMlnError}: two copies of the core may be loaded.
 */
export class MlnError extends Error {
  readonly code: string;
  readonly problems: readonly Problem[];
  readonly exit: ExitCode;

  constructor(problems: readonly Problem[], details: { cause?: unknown; exit?: ExitCode } = {}) {
    const first = problems.find((problem) => problem.severity === 'error') ?? problems[0];
    if (!first) throw new TypeError('An MlnError needs a problem.');
    super(first.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'MlnError';
    this.code = first.code;
    this.problems = problems;
    this.exit = details.exit ?? exitOf(first.code);
  }
}

/** Makes an error of one problem. */
export function failure(code: Problem['code'], message: string, details: ErrorDetails = {}): MlnError {
  const { hint, place, origin, cause, exit } = details;
  return new MlnError([{ severity: 'error', code, message, hint, place, origin }], {
    cause,
    ...(exit === undefined ? {} : { exit }),
  });
}

export function isMlnError(value: unknown): value is MlnError {
  const code = (value as { code?: unknown } | null)?.code;
  return value instanceof Error && typeof code === 'string' && code.startsWith('MLN_') && 'problems' in value;
}

/** Gives the text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Says what a failed system call means for the user: disk full, not allowed, or the call's own words. */
export function systemFailure(error: unknown, doing: string, hint?: string): MlnError {
  if (isMlnError(error)) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return failure('MLN_NO_SPACE', `${doing}: the disk is full`, {
      cause: error,
      hint: hint === undefined ? 'free some space and try again; nothing was changed' : `free some space, or ${hint}`,
    });
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return failure('MLN_NOT_ALLOWED', `${doing}: ${messageOf(error)}`, { cause: error, hint });
  return failure('MLN_IO', `${doing}: ${messageOf(error)}`, { cause: error, hint });
}

/** The same error, whose messages begin with what was being done. */
export function inContext(error: MlnError, doing: string): MlnError {
  const problems = error.problems.map((problem) => ({ ...problem, message: `${doing}: ${problem.message}` }));
  return new MlnError(problems, { cause: error, exit: error.exit });
}

/** Collects problems, so that all of a project's errors are told in one run; {@link MAX_ERRORS} are thrown at once. */
export class Problems {
  readonly all: Problem[] = [];
  readonly #seen = new Set<string>();
  #errors = 0;

  error(code: Problem['code'], message: string, details: Omit<ErrorDetails, 'cause' | 'exit'> = {}): void {
    this.#add({ severity: 'error', code, message, ...details });
  }

  warning(code: Problem['code'], message: string, details: Omit<ErrorDetails, 'cause' | 'exit'> = {}): void {
    this.#add({ severity: 'warning', code, message, ...details });
  }

  addAll(problems: readonly Problem[]): void {
    for (const problem of problems) this.#add(problem);
  }

  get warnings(): readonly Problem[] {
    return inOrder(this.all.filter((problem) => problem.severity === 'warning'));
  }

  get hasErrors(): boolean {
    return this.all.some((problem) => problem.severity === 'error');
  }

  /** Throws all that was collected when there is an error among it. */
  throwErrors(): void {
    if (this.hasErrors) throw new MlnError(inOrder(this.all));
  }

  /** A superclass is read once for every host that inherits it: the same words at the same place are one problem. */
  #add(problem: Problem): void {
    const { place } = problem;
    const key = JSON.stringify([problem.code, problem.message, place?.file, place?.line, place?.column]);
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.all.push(problem);
    if (problem.severity === 'error' && (this.#errors += 1) >= MAX_ERRORS) this.throwErrors();
  }
}

/** Problems of one file stand together, in the order of its lines; files come as they were first told of. */
export function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const files = [...new Set(problems.map(({ place }) => place?.file))];
  const rank = new Map(files.map((file, index) => [file, index]));
  return [...problems].sort(
    ({ place: one }, { place: other }) =>
      (rank.get(one?.file) ?? 0) - (rank.get(other?.file) ?? 0) ||
      (one?.line ?? 0) - (other?.line ?? 0) ||
      (one?.column ?? 0) - (other?.column ?? 0),
  );
}

function exitOf(code: string): ExitCode {
  return Object.hasOwn(codes, code) ? codes[code as CoreCode][0] : Exit.failed;
}
