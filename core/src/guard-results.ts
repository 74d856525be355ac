type Fields = Readonly<Record<string, unknown>>;

/** Says what is wrong with what a tap gave, where later work would stumble over it; null where nothing is. */
export function rubbish(hook: string, result: unknown, args: readonly unknown[]): string | null {
  if (result === undefined) return null;
  switch (hook) {
    case 'parse':
    case 'transformTree':
      return Array.isArray(fieldsOf(result)['items']) ? null : `${described(result)}, which is no tree`;
    case 'resolveUnit':
      return wrongUnit(result, fieldsOf(args[0]));
    case 'disk':
      return lacking(result, ['exists', 'create', 'grow', 'remove'], 'store');
    case 'filesystem':
      return lacking(result, ['list', 'read', 'readLink', 'apply', 'check', 'grow', 'minimumSize'], 'filesystem');
    case 'execute':
      return Array.isArray(fieldsOf(result)['failures']) ? null : `${described(result)}, which is no outcome`;
    case 'monitor':
      return isMap(result) ? null : `${described(result)}, which is no Map of statuses`;
    default:
      return null;
  }
}

/** A unit is refined, it does not become another one. */
function wrongUnit(result: unknown, { kind, name }: Fields): string | null {
  const unit = fieldsOf(result);
  const called = `the ${String(kind)} ${String(name)}`;
  if (unit['kind'] !== kind || unit['name'] !== name || fieldsOf(unit['keywords']) !== unit['keywords'])
    return `${described(result)}, which is not ${called}`;
  const wrong = Object.entries(kind === 'host' ? ofHosts : ofSwitches).find(
    ([field, isRight]) => !isRight(unit[field]),
  );
  return wrong === undefined ? null : `${called} with ${described(unit[wrong[0]])} for its ${wrong[0]}`;
}

type Check = (value: unknown) => boolean;
const isBytes: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isList: Check = (value) =>
  Array.isArray(value) && value.every((each) => typeof each === 'object' && each !== null);

/** What later work takes apart without looking. */
const ofHosts: Readonly<Record<string, Check>> = {
  memory: isBytes,
  disks: isList,
  interfaces: isList,
  bootOrder: (value) => typeof value === 'number',
};
const ofSwitches: Readonly<Record<string, Check>> = { ports: isList };

function lacking(result: unknown, functions: readonly string[], what: string): string | null {
  const missing = functions.filter((each) => typeof fieldsOf(result)[each] !== 'function');
  if (missing.length === 0) return null;
  return `${described(result)}, which is no ${what}: it lacks ${missing.join(', ')}`;
}

/** By what it says of itself: the plug-in may live in a realm of its own, as tests do. */
function isMap(value: unknown): boolean {
  return Object.prototype.toString.call(value) === '[object Map]';
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function described(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Promise) return 'a promise (nobody waits for it where the tap is made with tap)';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'function' ? 'a function' : `the ${typeof value} ${JSON.stringify(value)}`;
}
