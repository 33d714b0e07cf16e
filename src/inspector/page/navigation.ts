/** A view of the navigation. */
export interface Destination {
  readonly view: string;
  readonly title: string;
  /** The key that leads there behind `g`. */
  readonly key: string;
  /** The file of a run has something to show there. */
  readonly inFile: boolean;
}

/** The views in the order of the navigation. */
export const navigation: readonly Destination[] = [
  { view: 'fleet', title: 'Fleet', key: 'f', inFile: false },
  { view: 'machine', title: 'Machines', key: 'm', inFile: true },
  { view: 'sequence', title: 'Sequence', key: 's', inFile: true },
  { view: 'runs', title: 'Runs', key: 'r', inFile: true },
  { view: 'faults', title: 'Faults', key: 'x', inFile: false },
  { view: 'calls', title: 'Calls', key: 'c', inFile: false },
];
