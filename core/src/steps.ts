/**
 * What operations do, step by step, in their order: the one list of them. Before a step is done it is written to the
 * project's journal and told to the `event` hook; so these are the moments at which a kill can find an operation. For
 * each of them recover.ts and settle.ts must find the way to the old or the new state, and the tests walk this list.
 */
export const steps = {
  /** In the staging folder, but for the last two: a kill before `moveNew` leaves the old project, one after it the new. */
  build: ['scripts', 'disks', 'state', 'sync', 'moveOld', 'moveNew', 'placeDisks', 'removeOld', 'end'],
  start: ['beforeProjectStart', 'switches', 'beforeHostsStart', 'hosts', 'afterHostsStart', 'afterProjectStart', 'end'],
  /**
   * `hosts` asks them to shut down; `halt` and `kill` are for those that do not, where that was asked for. `save` stands
   * in the stead of all three where their memory is saved.
   */
  stop: [
    'beforeProjectStop',
    'beforeHostsStop',
    'hosts',
    'halt',
    'kill',
    'save',
    'afterHostsStop',
    'switches',
    'afterProjectStop',
    'end',
  ],
  /**
   * A kill before `commit` leaves the old project, and every disk as it was; one after it the new project. `give` and
   * `prepared` are there where hosts move: what has become of them the server that takes them knows.
   */
  upgrade: ['scripts', 'disks', 'stop', 'give', 'edit', 'prepared', 'commit', 'switches', 'hosts', 'finish', 'end'],
  /** A kill before `rename` leaves the project, one after it leaves none. */
  remove: ['rename', 'disks', 'folder'],
  /** In the folder that takes the version's name by `place`: a kill leaves no template, or after that the whole one. */
  'template add': ['fetch', 'image', 'manifest', 'place'],
  /** A disk is made whole beside its file, and takes its place by a rename. */
  flatten: ['copy', 'state', 'images', 'end'],
  /** A file is made larger beside itself, and takes its place by a rename; a disk elsewhere grows where it is. */
  resize: ['disk', 'filesystem', 'state', 'end'],
  /** What is done for an operation that was cut off; it may be cut off itself, and is then done again. */
  recover: ['finishRemoval', 'placeNew', 'placeOld', 'takeBackBuild', 'placeDisks', 'removeOld', 'units'],
} as const;

export type SteppedOperation = keyof typeof steps;
export type StepOf<O extends SteppedOperation> = (typeof steps)[O][number];
