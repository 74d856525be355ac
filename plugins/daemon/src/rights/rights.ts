import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { failure, isName, readIfThere, SyncBailHook, type Mln } from '@mln/core';
import { principalText, type Principal, type Verb } from '../protocol.js';
import { matches } from './glob.js';
import type { Role } from './roles.js';

/** A question to those who decide: may this principal do that? */
export interface Question {
  readonly principal: Principal;
  readonly verb: Verb;
  /** Null: the server as a whole. */
  readonly project: string | null;
  /** The groups of this server. */
  readonly groups: readonly string[];
}

/** Who may do what; read from a file, which is read anew at a reload. */
export interface Rights {
  /** Whether there is a file: without one only users of this machine may do anything. */
  readonly told: boolean;
  /** Throws MLN_NOT_ALLOWED (77), saying which right is missing to whom. */
  require(question: Question): void;
  allows(question: Question): boolean;
}

type AuthorizeHook = SyncBailHook<[question: Question], boolean>;

/** The named hook that is asked before the roles: true allows, false refuses, nothing leaves it to them. */
function authorizeHook(mln: Mln): AuthorizeHook {
  return mln.hook('daemon.authorize', (): AuthorizeHook => new SyncBailHook(['question']));
}

/** Reads the roles file. Where there is none, only `local` may do anything. Throws MLN_BAD_CONFIGURATION. */
export async function readRights(mln: Mln, file: string): Promise<Rights> {
  const roles = await readFile(file);
  const hook = authorizeHook(mln);
  const allows = (question: Question): boolean => {
    if (!isWhole(question)) return false;
    const answer: unknown = hook.call(question);
    if (typeof answer === 'boolean') return answer;
    if (answer !== undefined && answer !== null)
      throw failure(
        'MLN_PLUGIN_FAILED',
        'a plug-in answers daemon.authorize with something that is neither true nor false',
      );
    return roles === null ? question.principal.kind === 'local' : roles.some((role) => gives(role, question));
  };
  return {
    told: roles !== null,
    allows,
    require(question) {
      if (allows(question)) return;
      const { principal, verb, project } = question;
      if (project !== null && !isProject(project))
        throw failure('MLN_BAD_REQUEST', `${JSON.stringify(project.slice(0, 80))} cannot be the name of a project`);
      const server = mln.configuration.serviceHost ?? hostname();
      const on = project === null ? `on the server ${server}` : `on the project ${project} on ${server}`;
      throw failure('MLN_NOT_ALLOWED', `${principalText(principal)} does not have the right ${verb} ${on}`, {
        hint:
          roles === null
            ? `there is no ${file} on ${server}: without it only users of that machine may do anything there`
            : `${file} on ${server} gives rights`,
      });
    },
  };
}

async function readFile(file: string): Promise<readonly Role[] | null> {
  const text = await readIfThere(file);
  if (text === null) return null;
  const { mode } = await stat(file);
  if ((mode & 0o002) !== 0)
    throw failure('MLN_BAD_CONFIGURATION', `everybody may write ${file}, which says who may do what`, {
      hint: `chmod o-w ${file}`,
    });
  const { readRoles } = await import('./roles.js');
  return readRoles(text, file);
}

/** Who is nobody, and what cannot be a project, has no rights, whatever the patterns are. */
function isWhole({ principal, project }: Question): boolean {
  return (principal.kind === 'local' || isName(principal.name)) && (project === null || isProject(project));
}

function isProject(text: string): boolean {
  return isName(text) && !text.includes('.');
}

function gives(role: Role, { principal, verb, project, groups }: Question): boolean {
  const who = principalText(principal);
  return (
    role.verbs.has(verb) &&
    role.principals.some((pattern) => isMeant(pattern, who)) &&
    (role.projects === null ||
      role.projects.some((pattern) => (project === null ? pattern === '*' : matches(pattern, project)))) &&
    (role.groups === null || role.groups.some((pattern) => groups.some((group) => matches(pattern, group))))
  );
}

/** `local` means itself alone; a pattern is of one kind. */
function isMeant(pattern: string, who: string): boolean {
  const [kind, name] = pattern.split(':');
  const [ownKind, ownName] = who.split(':');
  return kind === ownKind && (name === undefined || ownName === undefined ? name === ownName : matches(name, ownName));
}
