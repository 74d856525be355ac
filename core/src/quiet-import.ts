import { pathToFileURL } from 'node:url';

let running = 0;
const emitWarning = process.emitWarning.bind(process);

/**
 * Imports a module by its path. Node warns of a .js file below a package.json without a type: finding out what it is
 * takes a few milliseconds, and is the business of nobody who uses mln. That one warning is left out meanwhile.
 */
export async function importQuietly(path: string): Promise<Readonly<Record<string, unknown>>> {
  running += 1;
  process.emitWarning = function (warning: string | Error, ...rest: unknown[]): void {
    const isIt = rest.some((each) => (Object(each) as { code?: unknown }).code === 'MODULE_TYPELESS_PACKAGE_JSON');
    if (!isIt) Reflect.apply(emitWarning, null, [warning, ...rest]);
  };
  try {
    return (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>;
  } finally {
    running -= 1;
    if (running === 0) process.emitWarning = emitWarning;
  }
}
