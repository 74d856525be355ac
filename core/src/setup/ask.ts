import type { Readable, Writable } from 'node:stream';
import { failure } from '../errors.js';
import { isName, namePattern } from '../names.js';
import type { Folders } from '../folders.js';
import type { Choice } from './items.js';
import type { Kind } from './places.js';

/** Asks one question; an empty answer is the usual one. */
export type Ask = (question: string, usual: string) => Promise<string>;

const kinds: readonly (readonly [Kind, string])[] = [
  ['user', 'a single user: you'],
  ['system', 'the whole system'],
  ['service-host', 'a service host: a server of projects that are spread over several'],
];

/** Asks what to set up. `usual` is what counts where nothing is answered; `foldersOf` tells it for another kind. */
export async function askChoice(
  ask: Ask,
  say: (text: string) => void,
  usual: Choice,
  foldersOf: (kind: Kind) => Folders,
): Promise<Choice> {
  say('Whom is mln for?');
  kinds.forEach(([, text], index) => {
    say(`  ${index + 1}  ${text}`);
  });
  const number = await askUntil(
    ask,
    'Number',
    String(kinds.findIndex(([kind]) => kind === usual.kind) + 1),
    (answer) => (kinds[Number(answer) - 1] === undefined ? `1 to ${kinds.length}` : null),
  );
  const kind = kinds[Number(number) - 1]?.[0] ?? usual.kind;
  const serviceHost =
    kind === 'service-host'
      ? await askUntil(ask, 'Name of this server', usual.serviceHost ?? '', (answer) =>
          isName(answer) ? null : namePattern,
        )
      : null;
  const folders = kind === usual.kind ? usual.folders : foldersOf(kind);
  const projects = await askPath(ask, 'Projects in', folders.projects);
  const templates = await askPath(ask, 'Templates in', folders.templates);
  const boot = await askUntil(ask, 'Start projects when the machine starts (y/n)', usual.boot ? 'y' : 'n', (answer) =>
    /^(y(es)?|no?)$/i.test(answer) ? null : 'y or n',
  );
  return { kind, serviceHost, boot: /^y/i.test(boot), folders: { ...folders, projects, templates } };
}

function askPath(ask: Ask, question: string, usual: string): Promise<string> {
  return askUntil(ask, question, usual, (answer) => (answer.startsWith('/') ? null : 'a whole path, from /'));
}

/** Asks again while `wrong` says what is wrong. */
async function askUntil(
  ask: Ask,
  question: string,
  usual: string,
  wrong: (answer: string) => string | null,
): Promise<string> {
  for (let asked = question; ;) {
    const answer = await ask(asked, usual);
    const reason = wrong(answer);
    if (reason === null) return answer;
    asked = `${question}, ${reason}`;
  }
}

/**
 * Lends a way to ask on a terminal to some work. Answers that are typed before their questions count. Whoever ends the
 * input has confirmed nothing: MLN_NOT_CONFIRMED.
 */
export async function withQuestions<T>(
  work: (ask: Ask) => Promise<T>,
  input: Readable = process.stdin,
  output: Writable = process.stderr,
): Promise<T> {
  const { createInterface } = await import('node:readline');
  const lines = createInterface({ input, output });
  const typed: string[] = [];
  let ended = false;
  let wake = (): void => undefined;
  lines.on('line', (line) => {
    typed.push(line);
    wake();
  });
  lines.once('close', () => {
    ended = true;
    wake();
  });
  const answer = async (): Promise<string> => {
    for (;;) {
      const line = typed.shift();
      if (line !== undefined) return line;
      if (ended) throw failure('MLN_NOT_CONFIRMED', 'nothing was done', { hint: 'mln setup -y asks nothing' });
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  try {
    return await work(async (question, usual) => {
      lines.setPrompt(usual === '' ? `${question}: ` : `${question} [${usual}]: `);
      lines.prompt();
      return (await answer()).trim() || usual;
    });
  } finally {
    lines.close();
  }
}
