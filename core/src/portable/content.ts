/** The content of a file. */
export interface Blob {
  /** Hexadecimal. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

/** Digests of files. */
export interface Digests {
  of(path: string): Promise<Blob>;
}

/** Something that hosts copy into guests, at `files/N/…`; a folder comes before what is in it. */
export type SourceEntry =
  | { readonly path: string; readonly kind: 'file'; readonly mode: number; readonly blob: Blob }
  | { readonly path: string; readonly kind: 'directory'; readonly mode: number }
  | { readonly path: string; readonly kind: 'link'; readonly target: string };

/** A template that comes with a project. */
export interface SentTemplate {
  readonly name: string;
  readonly version: string;
  readonly blob: Blob;
  readonly message: string | null;
}
