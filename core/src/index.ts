/** What plug-ins import. Everything else of the core is its own. */
export { apiVersion } from './api.js';
export {
  broadcastOf,
  inNetwork,
  netmaskOf,
  networkOf,
  parseAddress,
  parseNetmask,
  readNetwork,
  toNumber as addressNumber,
  toText as addressText,
  usableRange,
  type Address,
} from './addresses.js';
export { makeFolder, readIfThere, syncFolder, writeAtomically } from './files.js';
export { loadChoosing, readChosenFile } from './cli/reading.js';
export { loadOperating } from './operating.js';
export {
  loadPortable,
  type Blob,
  type Demand,
  type Portability,
  type ReadProjectFits,
  type SentTemplate,
  type SourceEntry,
} from './portable.js';
export { coreVerbs, reading as readingOptions } from './cli/verbs.js';
export { Exit, type ExitCode } from './codes.js';
export type { Command, CommandContext, CommandOptions, Commands, Option, Wrapper } from './commands.js';
export {
  failure,
  isMlnError,
  messageOf,
  MlnError,
  Problems,
  systemFailure,
  type Place,
  type Problem,
} from './errors.js';
export type { Content, Edit, Entry, Filesystem, Stretch, Trial } from './filesystem.js';
export { hookBlocks } from './core-keywords.js';
export { createGuest, type FileOptions, type Guest } from './guest.js';
export {
  AsyncSeriesBailHook,
  AsyncSeriesHook,
  AsyncSeriesWaterfallHook,
  SyncBailHook,
  SyncHook,
  SyncWaterfallHook,
  type HookName,
  type Hooks,
} from './hooks.js';
export type { BrokenPlugin, RunningPlugin } from './guard-taps.js';
export { createMln, doctorHook, printHook, setupHook, type LoadedPlugin, type Mln, type Plugin } from './kernel.js';
export { faultsOf, type Column, type ColumnKind } from './columns.js';
export type { HostUse, Keyword, KeywordTable, Kind } from './keywords.js';
export type { Folders } from './folders.js';
export type {
  Failure,
  Operation,
  OperationEvent,
  OperationName,
  OperationOptions,
  Outcome,
  Part,
  Phase,
  Progress,
  Report,
} from './operation.js';
export {
  addressesOf,
  claim,
  unitsOf,
  type Disk,
  type Host,
  type Interface,
  type Project,
  type Switch,
  type Unit,
  type Value,
} from './project.js';
export { addressRows } from './resolve-interface.js';
export { placeHint, placeText } from './place-text.js';
export { placesOf } from './places.js';
export { heldScript, keptFolder, receivedImage, upgradeFolder } from './upgrade/places.js';
export { recordPath } from './guest-record.js';
export { diskSize } from './disk-size.js';
export { quote, type PlannedFile, type Scripts } from './scripts.js';
export type { Dialogue, Talk } from './dialogue.js';
export type { Check, Checks, Finding } from './doctor.js';
export type { Item as SetupItem } from './setup/items.js';
export type { Setup, ShownOption } from './setup/parts.js';
export { missingPrograms, programsCheck } from './doctor-programs.js';
export type { Scratch } from './doctor-scratch.js';
export type { Shell, ShellOptions, ShellResult } from './shell.js';
export { earlierNames } from './diff.js';
export { isName, isProjectName, isTaken, namePattern } from './names.js';
export { bootTold, endOfLog, panicTold } from './console-log.js';
export { readyMark, unknownStatus, type Look, type Status } from './status.js';
export { readState, requireState, type State } from './state.js';
export { startTime } from './lock.js';
export { isStaged, stagingOf } from './recover.js';
export { isHere, isThisServer, serverOf, serversOf, spreadSwitches, type Server } from './servers.js';
export { fileStore, type Room, type Store } from './store.js';
export { templateAnnouncer } from './announce.js';
export type { AddDetails } from './template-add.js';
export { makerTag, splitMaker } from './template-owner.js';
export { table, type Terminal } from './terminal.js';
export { createTemplates, type Manifest, type Template, type Templates } from './templates.js';
export type { InterfaceView, TreeContext } from './transform.js';
export {
  block,
  print,
  quoteWord,
  statement,
  wholeTree,
  withStatement,
  type Assignment,
  type Block,
  type Include,
  type Item,
  type Origin,
  type Statement,
  type Tree,
} from './tree.js';
export { blockKind } from './unknown.js';
export { compareNames, formatSize, MiB, nearest, parseSize } from './values.js';
export type { Row } from './list-rows.js';
export type { Found, View } from './view.js';
export { dedent } from './word.js';
