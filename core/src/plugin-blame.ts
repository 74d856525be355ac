import { isAbsolute } from 'node:path';
import { failure, isMlnError, messageOf, MlnError } from './errors.js';
import { placeIn } from './plugin-place.js';

/** A plug-in as it is blamed: its name, and where it was found. */
export interface Blamed {
  readonly name: string;
  readonly source: string;
}

/**
 * What is told of an error that a plug-in has thrown. One that is meant for users stays as it is; it is given the line
 * of the plug-in where it is about plug-ins and says none. Everything else is a fault of the plug-in.
 */
export function faultOf(plugin: Blamed, where: string, error: unknown): MlnError {
  return isMlnError(error) && !isMisuse(error) ? placed(plugin, error) : thrownBy(plugin, where, error);
}

/** The error of a plug-in that has thrown something. */
function thrownBy({ name, source }: Blamed, where: string, cause: unknown): MlnError {
  return failure('MLN_PLUGIN_FAILED', `the plug-in ${name} failed ${where}: ${messageOf(cause)}`, {
    cause,
    ...whereIn(source, cause),
  });
}

/** The line of a plug-in that an error comes from; where no line is known, a hint that names its file. */
export function whereIn(source: string, cause: unknown): Pick<MlnError['problems'][number], 'place' | 'hint'> {
  const place = placeIn(cause, source);
  const file = place || !isAbsolute(source) ? '' : `, ${source}`;
  return { place, hint: `this is a fault of the plug-in${file}; MLN_DEBUG=1 shows where it comes from` };
}

/** The error of a plug-in that has given what nobody can use. */
export function gaveRubbish({ name, source }: Blamed, what: string, where: string, hint: string): MlnError {
  return failure('MLN_PLUGIN_FAILED', `the plug-in ${name} gave ${what}, ${where}`, {
    hint: isAbsolute(source) ? `${hint} (${source})` : hint,
  });
}

/** Functions of the core that are called wrongly do not know who calls them. */
function isMisuse({ code, problems }: MlnError): boolean {
  const [first] = problems;
  return code === 'MLN_PLUGIN_FAILED' && first?.place === undefined && first?.hint === undefined;
}

function placed({ source }: Blamed, error: MlnError): MlnError {
  const [only, ...more] = error.problems;
  if (only?.place !== undefined || more.length > 0 || !only?.code.startsWith('MLN_PLUGIN_')) return error;
  const place = placeIn(error, source);
  return place ? new MlnError([{ ...only, place }], { cause: error.cause ?? error, exit: error.exit }) : error;
}
