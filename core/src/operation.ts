import type { HookBlock } from './core-keywords.js';
import type { Problem } from './errors.js';
import type { Project, Unit } from './project.js';

/** What the core asks of a server. Plug-ins bring operations of their own, such as upgrade. */
export type OperationName = 'build' | 'start' | 'stop' | 'remove' | (string & {});

/** A command that a user gave, while it is carried out. */
export interface Operation {
  readonly id: string;
  readonly name: OperationName;
  readonly user: string;
  /** ISO 8601. */
  readonly at: string;
  readonly options: OperationOptions;
}

/** Times are in seconds. */
export interface OperationOptions {
  /** Start or stop one host at a time, with this pause between. */
  readonly sleep?: number;
  /** start: how long to wait for hosts to become ready. stop: how long until the rest is destroyed. */
  readonly wait?: number;
  /** stop: how long to wait where nothing is destroyed. */
  readonly patience?: number;
  /** stop: the memory of hosts is saved, for the next start to go on with; however long that takes. */
  readonly save?: true;
  /** start: how consoles are shown, whatever the project says. */
  readonly term?: string;
  /** build, start: what was done is taken back where it fails on one server, or for one host. */
  readonly allOrNothing?: true;
  /** build: though the guests of a server have more memory then than they may have in all. */
  readonly overcommit?: true;
  /** build, upgrade: the version that the project gets, as its home counts them. */
  readonly version?: number;
  /** upgrade: hosts whose disks are made anew from their templates, and those that may become smaller. */
  readonly rebuild?: readonly string[];
  readonly shrink?: readonly string[];
  /** upgrade: hosts whose disks come from other servers, and hosts (as they were called) that are stopped; whoever carries the operation out says so. */
  readonly moved?: readonly string[];
  readonly stops?: readonly string[];
  /** upgrade: the bulk of disks that move is sent while their guests run. */
  readonly preCopy?: true;
  /** upgrade: a version that is gone back to; disks that are kept since then take their places again. */
  readonly undo?: number;
}

/**
 * The steps of an operation, in their order. `prepare` asks whether a server can do its part and changes nothing; from
 * then on it holds the project, until `release`. A build is made (`build`) and then takes its place (`commit`); a start has
 * the switches, `join` (which joins the parts of switches that are on several servers), then hosts by boot order, with the
 * project's own commands between; a stop goes in reverse, with `leave`. `undo` takes back what was done of a build that is
 * not in place, or of a start. An upgrade is made (`build`), has guests shut down (`stop`, with what they were), gives those
 * that move (`give`, at their old server; `receive`, at the new one), edits disks (`edit`), takes its place (`commit`),
 * starts (`switches`, `join`, `hosts`), and gives up what is no longer needed (`giveUp` what has moved, `finish`).
 */
export type Phase =
  | 'prepare'
  | 'build'
  | 'commit'
  | 'undo'
  | 'switches'
  | 'join'
  | 'leave'
  | 'hosts'
  | 'remove'
  | 'release'
  | HookBlock
  | (string & {});

/** What one server is to do in one phase. */
export interface Part {
  /** Null: this one. */
  readonly server: string | null;
  readonly phase: Phase;
  readonly units: readonly Unit[];
  readonly project: Project;
  /** build, upgrade: the project file as it was written, includes in place. */
  readonly source: string;
  /** upgrade: the project as it was built before, as whoever carries the operation out knows it. */
  readonly previous?: Project | null;
}

/** What happened to one unit, or (null) to the part as a whole. */
export interface Failure {
  readonly unit: string | null;
  /** The server that tells it, where it is another. */
  readonly server?: string;
  readonly problem: Problem;
}

export interface Outcome {
  readonly failures: readonly Failure[];
}

/** Progress, for whoever watches. */
export interface Progress {
  readonly server: string | null;
  readonly unit: string | null;
  readonly state: 'begun' | 'done' | 'failed' | 'note';
  readonly text: string;
}

export type Report = (progress: Progress) => void;

/** What the `event` hook tells. */
export interface OperationEvent {
  readonly operation: Operation;
  /** Null: the operation is on no project. */
  readonly project: string | null;
  /** Null: the operation as a whole. */
  readonly unit: string | null;
  readonly at: string;
  /** `step`: a step is in the journal, and is done next. */
  readonly state: 'begun' | 'step' | 'done' | 'failed';
  /** Which step, of those in steps.ts. */
  readonly step?: string;
  readonly error: Problem | null;
}
