/** A value of JSON or YAML as it was written, with the offset that it begins at. */
export type Node = { readonly at: number } & (Text | Literal | List | Map);

/** A string, or a number: as it is spelt. */
interface Text {
  readonly kind: 'text';
  readonly text: string;
}

interface Literal {
  readonly kind: 'literal';
  readonly value: boolean | null;
}

export interface List {
  readonly kind: 'list';
  readonly nodes: readonly Node[];
}

export interface Map {
  readonly kind: 'map';
  readonly members: readonly Member[];
}

export interface Member {
  readonly key: string;
  readonly at: number;
  readonly node: Node;
}
