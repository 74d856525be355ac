/** What a directory holds under one name. */
export interface Entry {
  readonly type: 'file' | 'directory' | 'symlink' | 'other';
  /** Permission bits, as 0o755. */
  readonly mode: number;
  /** Numeric user and group, as the guest sees them. */
  readonly owner: number;
  readonly group: number;
  /** Bytes. */
  readonly size: number;
}

/** What a file is to hold: text or bytes, or the path of a file of the physical host. */
export type Content = Buffer | { readonly source: string };

interface Attributes {
  readonly path: string;
  readonly mode: number;
  readonly owner: number;
  readonly group: number;
}

/**
 * One change of a guest's filesystem. Paths are absolute and have no symbolic link on the way. `replaces` tells what
 * stands there already.
 */
export type Edit =
  | { readonly do: 'remove'; readonly path: string; readonly type: Entry['type'] }
  | (Attributes & { readonly do: 'directory' })
  | (Attributes & { readonly do: 'file'; readonly content: Content; readonly replaces: boolean })
  | (Attributes & { readonly do: 'symlink'; readonly target: string })
  | (Attributes & { readonly do: 'attributes'; readonly type: Entry['type'] });

/** A stretch of an image, and what it holds or is to hold. */
export interface Stretch {
  /** Bytes from the image's beginning. */
  readonly at: number;
  readonly bytes: Buffer;
}

/** Tries edits of a filesystem out on a copy of its own, for many guests one after the other or at once. */
export interface Trial {
  /**
   * What the image would hold in other bytes, had it these edits; in ascending order. The filesystem is checked as
   * Filesystem.check does: after the first edits, or (`check`) after these.
   */
  changes(edits: readonly Edit[], check?: boolean): Promise<readonly Stretch[]>;
  end(): void;
}

/** The filesystem of an image or device that is not in use. Gives MlnErrors that name the image and the path. */
export interface Filesystem {
  /** What a directory holds; the path has no symbolic link on the way. Null where there is no such directory. */
  list(path: string): Promise<ReadonlyMap<string, Entry> | null>;
  /** A file's bytes; the path has no symbolic link on the way. */
  read(path: string): Promise<Buffer>;
  /** Where a symbolic link points. */
  readLink(path: string): Promise<string>;
  /** Carries out edits, all in one go. */
  apply(edits: readonly Edit[]): Promise<void>;
  /** Bytes of the image or device that the filesystem reaches to, where they are known. */
  readonly reach?: number;
  /** Bytes of a block, where they are known. */
  readonly blockSize?: number;
  /** Begins to try edits out, which leaves the image as it is. Left out: nobody can, and no disk can stand on the image. */
  trial?(): Promise<Trial>;
  /** Throws unless the filesystem is found to be whole. */
  check(): Promise<void>;
  /** Makes the filesystem as large as its image or device has become. */
  grow(): Promise<void>;
  /** Makes the filesystem smaller, to so many bytes; the image or device keeps its size. Throws, and changes nothing, where it does not fit. Left out: nobody can. */
  shrink?(size: number): Promise<void>;
  /**
   * Carries out what a crash has left in the filesystem's journal, as a kernel does that mounts it; tells whether there was
   * anything. Left out: a crash leaves nothing.
   */
  replay?(): Promise<boolean>;
  /** The size in bytes that the filesystem could be shrunk to. */
  minimumSize(): Promise<number>;
}
