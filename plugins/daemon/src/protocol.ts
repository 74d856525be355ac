import type {
  Blob,
  Failure,
  OperationName,
  OperationOptions,
  Phase,
  Problem,
  Progress,
  Project,
  SentTemplate,
  SourceEntry,
} from '@mln/core';

/*
 * What clients and daemons say to each other: JSON over HTTPS, each request with the header `mln-protocol`. Whoever
 * speaks another version is told both.
 */

/** The version that is spoken here. */
export const PROTOCOL = 1;
export const PROTOCOL_HEADER = 'mln-protocol';
/** The principal for whom a server asks another. */
export const BEHALF_HEADER = 'mln-on-behalf-of';

/** What a right lets somebody do. `host`: name paths of the server outside its allow list, raw text and hook blocks. */
export const verbs = [
  'read',
  'build',
  'start',
  'stop',
  'upgrade',
  'migrate',
  'remove',
  'console',
  'host',
  'admin',
] as const;
export type Verb = (typeof verbs)[number];

/** Who asks: the owner of a certificate, or a user of this machine who may open the unix socket. */
export interface Principal {
  readonly kind: 'user' | 'server' | 'local';
  readonly name: string;
}

/** `user:alice`, `server:gateway1`, `local`. */
export function principalText({ kind, name }: Principal): string {
  return kind === 'local' ? kind : `${kind}:${name}`;
}

/** `GET /v1/server`: who answers. */
export interface ServerInfo {
  readonly name: string | null;
  /** The versions of the protocol that it speaks. */
  readonly protocols: readonly number[];
  readonly plugins: Readonly<Record<string, string>>;
  readonly groups: readonly string[];
}

export type { Blob, SentTemplate, SourceEntry };

/** A project as it goes to a server: decided, with all that it needs of the client's files. */
export interface Package {
  /** `directory` and `source` are the server's own: what stands there is not used. */
  readonly project: Project;
  /** The project file as it was written, includes in place. */
  readonly source: string;
  readonly entries: readonly SourceEntry[];
  readonly templates: readonly SentTemplate[];
  /** The plug-ins of the client, by name, with their versions. */
  readonly plugins: Readonly<Record<string, string>>;
}

/**
 * `POST /v1/operations`. `part`: one server's part; its phases are asked for one by one, and the project is held from the
 * first to `release`. `whole`: the server carries it out as its own, as the project's home.
 */
export interface OperationRequest {
  readonly scope: 'part' | 'whole';
  readonly operation: OperationName;
  readonly options: OperationOptions;
  /** The project's name. */
  readonly project: string;
  /** The operation that this is a part of, at its home. */
  readonly parent?: string;
  /** part: the project's home, as whoever asks knows it. */
  readonly home?: string;
  /** whole: only these hosts. */
  readonly hosts?: readonly string[];
  /** whole: an earlier build is replaced, with its disks. */
  readonly replace?: boolean;
  /** whole, upgrade: hosts that are down are started, too. */
  readonly start?: boolean;
  /** migrate: the server that the host goes to. */
  readonly to?: string;
  /** build, upgrade. */
  readonly package?: Package;
}

/** `POST /v1/operations/ID/phases`. Numbers count from 0; one that is asked for again is not done again. */
export interface PhaseRequest {
  readonly number: number;
  readonly phase: Phase;
  readonly units: readonly string[];
}

export type OperationState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';

/** `GET /v1/operations/ID`. */
export interface OperationRecord {
  readonly id: string;
  readonly scope: OperationRequest['scope'];
  readonly operation: OperationName;
  readonly project: string;
  /** As {@link principalText} writes it. */
  readonly principal: string;
  /** Of the server that asks for somebody. */
  readonly onBehalfOf: string | null;
  readonly parent: string | null;
  /** ISO 8601. */
  readonly at: string;
  readonly endedAt: string | null;
  readonly state: OperationState;
  /** The exit code of the command, once it has ended. */
  readonly exit: number | null;
}

/** A line of an operation's log; `GET /v1/operations/ID/log` sends them as server-sent events, their numbers as ids. */
export type LogEntry = { readonly number: number; readonly at: string } & LogContent;

export type LogContent =
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'note'; readonly text: string }
  /** What a whole operation prints on stdout. */
  | { readonly kind: 'print'; readonly text: string }
  /** The end of a phase. */
  | { readonly kind: 'phase'; readonly phase: number; readonly failures: readonly Failure[] }
  /** What went wrong with a phase, or (null) with the operation. */
  | {
      readonly kind: 'error';
      readonly phase: number | null;
      readonly problems: readonly Problem[];
      readonly exit: number;
    }
  | { readonly kind: 'end'; readonly state: OperationState; readonly exit: number };

/** The body of every answer that is no success. */
export interface ErrorBody {
  readonly problems: readonly Problem[];
  readonly exit: number;
}
