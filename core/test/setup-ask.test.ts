import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { askChoice, withQuestions } from '../src/setup/ask.js';
import type { Choice } from '../src/setup/items.js';
import { foldersIn, placesOf, type Caller, type Kind } from '../src/setup/places.js';

const caller: Caller = { environment: {}, home: '/home/ada', uid: 1000, prefix: null };

function choice(kind: Kind): Choice {
  return { kind, serviceHost: null, boot: false, folders: foldersIn(placesOf(kind, caller)) };
}

/** Answers, one after the other; the questions are kept. */
function answering(answers: readonly string[]): {
  ask: (question: string, usual: string) => Promise<string>;
  asked: string[];
} {
  const left = [...answers];
  const asked: string[] = [];
  return {
    asked,
    ask: (question, usual) => {
      asked.push(`${question} [${usual}]`);
      return Promise.resolve(left.shift() || usual);
    },
  };
}

const foldersOf = (kind: Kind): Choice['folders'] => foldersIn(placesOf(kind, caller));

test('whoever only presses return gets what is usual', async () => {
  const { ask, asked } = answering([]);
  expect(await askChoice(ask, () => undefined, choice('user'), foldersOf)).toEqual(choice('user'));
  expect(asked).toEqual([
    'Number [1]',
    'Projects in [/home/ada/.local/share/mln/projects]',
    'Templates in [/home/ada/.local/share/mln/templates]',
    'Start projects when the machine starts (y/n) [n]',
  ]);
});

test('an answer that cannot be is asked for again', async () => {
  const { ask, asked } = answering(['4', '3', '', '-x', 'gw', 'srv', '/srv/p', '', 'perhaps', 'Yes']);
  expect(await askChoice(ask, () => undefined, choice('user'), foldersOf)).toEqual({
    kind: 'service-host',
    serviceHost: 'gw',
    boot: true,
    folders: { ...foldersOf('service-host'), projects: '/srv/p' },
  });
  expect(asked.filter((question) => question.includes(','))).toHaveLength(5);
});

test('answers that are typed before their questions count, and input that ends is no answer', async () => {
  const input = new PassThrough();
  const output = new PassThrough();
  input.end('2\n\n');
  const asked = withQuestions(
    async (ask) => {
      expect([await ask('Number', '1'), await ask('Projects in', '/p')]).toEqual(['2', '/p']);
      await ask('Templates in', '/t');
    },
    input,
    output,
  );
  await expect(asked).rejects.toMatchObject({ code: 'MLN_NOT_CONFIRMED' });
  expect(String(output.read())).toContain('Number [1]: Projects in [/p]: Templates in [/t]: ');
});
