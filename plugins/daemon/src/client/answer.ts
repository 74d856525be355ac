import { Exit, failure, MlnError, type ExitCode, type Place, type Problem } from '@mln/core';

/** What a daemon has answered. */
export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** Gives the JSON of an answer, null where it has none. Throws what the server says went wrong, its name in front. */
export function readAnswer({ status, body }: Answer, server: string, where: string): unknown {
  const value = body.length === 0 ? null : parsed(body);
  if (status >= 200 && status < 300 && value !== undefined) return value;
  throw status >= 400 ? refusal(value, server, where, status) : rubbish(server, where, `status ${status}`);
}

/** The error that says that what answers is no daemon of mln. */
export function rubbish(server: string, where: string, what: string, cause?: unknown): MlnError {
  return failure('MLN_NO_SERVER', `what answers as ${server} (${where}) is no daemon of mln: ${what}`, {
    cause,
    hint: 'is the address right, and does mln daemon listen there?',
  });
}

function refusal(value: unknown, server: string, where: string, status: number): MlnError {
  const body = value as { readonly problems?: unknown; readonly exit?: unknown } | null | undefined;
  const problems = problemsIn(body?.problems, server);
  if (problems.length === 0) return rubbish(server, where, `status ${status}`);
  const exit = exitIn(body?.exit);
  return new MlnError(problems, exit === undefined ? {} : { exit });
}

/** The problems of a message that another machine has sent, its name in front where one is given; what is no problem is left out. */
export function problemsIn(value: unknown, server: string | null): readonly Problem[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((each: Partial<Problem> | null): Problem[] => {
    if (typeof each?.code !== 'string' || !/^MLN_\w+$/.test(each.code) || typeof each.message !== 'string') return [];
    const { code, severity, hint, place, origin } = each;
    return [
      {
        severity: severity === 'warning' ? severity : 'error',
        code,
        message: named(server, cleanText(each.message)),
        ...(typeof hint === 'string' ? { hint: cleanText(hint) } : {}),
        ...(typeof origin === 'string' ? { origin: cleanText(origin) } : {}),
        ...(isPlace(place) ? { place } : {}),
      },
    ];
  });
}

/** Puts a server's name before what it says. */
export function named(server: string | null, message: string): string {
  return server === null || message.startsWith(`${server}: `) ? message : `${server}: ${message}`;
}

/** An exit code that another machine has sent. */
export function exitIn(value: unknown): ExitCode | undefined {
  return Object.values(Exit).find((exit) => exit === value);
}

/** What another machine says is shown on a terminal, and moves nothing there: control characters are left out. */
export function cleanText(text: string): string {
  return text.replace(/\u001b\[[0-9;?]*[ -/]*[@-~]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '');
}

function isPlace(value: unknown): value is Place {
  const place = value as Partial<Place> | null | undefined;
  return typeof place?.file === 'string' && Number.isInteger(place.line) && Number.isInteger(place.column);
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}
