type Fields = Readonly<Record<string, unknown>>;

/** Says what is wrong with a verb, as plug-ins in plain JavaScript may give it; null where nothing is. */
export function wrongVerb(verb: unknown): string | null {
  const { name, aliases = [], summary, arguments: words = '', options = [], manual = {}, run } = fieldsOf(verb);
  if (!isText(name) || !/^\S+( \S+)?$/.test(name) || name.startsWith('-'))
    return `a verb whose name is neither one word nor two: ${shown(name)}`;
  const called = `the verb ${name}`;
  if (typeof summary !== 'string') return `${called} without a summary`;
  if (typeof run !== 'function') return `${called} without a function run`;
  if (!Array.isArray(aliases) || !aliases.every((each) => isText(each) && /^[^\s-]\S*$/.test(each)))
    return `${called} with aliases that are no list of words: ${shown(aliases)}`;
  if (typeof words !== 'string' || !areArguments(words))
    return `${called} with arguments that are not like <file> [names...]: ${shown(words)}`;
  if (!Array.isArray(options)) return `${called} with options that are no list: ${shown(options)}`;
  if (!isManual(manual)) return `${called} with a manual whose description or examples are no lists`;
  const wrong = options.map(wrongOption).find((each) => each !== null);
  return wrong === undefined ? null : `${called} with ${wrong}`;
}

/** Says what is wrong with an option; null where nothing is. */
export function wrongOption(option: unknown): string | null {
  const { flags, help } = fieldsOf(option);
  if (!isText(flags)) return `an option without flags: ${shown(flags)}`;
  if (!/^(-[^\s-]([ ,|]+--[\w-]+)?|--[\w-]+)( (<[^\s<>]+>|\[[^\s[\]]+\]))?$/.test(flags))
    return `an option whose flags are not like -f, --file <file>: ${flags}`;
  return typeof help === 'string' ? null : `the option ${flags} without help`;
}

/** The flags of an option, without what they take: -f and --file. */
export function flagsIn(flags: string): readonly string[] {
  return flags.split(/[ ,|]+/).filter((each) => each.startsWith('-'));
}

/** Only the last argument can be repeated. */
function areArguments(words: string): boolean {
  const all = words === '' ? [] : words.split(' ');
  return all.every(
    (word, index) => /^(<[^\s<>]+>|\[[^\s[\]]+\])$/.test(word) && (!/\.\.\..$/.test(word) || index === all.length - 1),
  );
}

function isManual(manual: unknown): boolean {
  const { description = [], examples = [] } = fieldsOf(manual);
  const areTexts = (each: unknown): boolean => Array.isArray(each) && each.every((text) => typeof text === 'string');
  return (
    areTexts(description) &&
    Array.isArray(examples) &&
    examples.every((each: unknown) => areTexts(each) && (each as readonly string[]).length === 2)
  );
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : Array.isArray(value) ? 'a list' : String(value);
}
