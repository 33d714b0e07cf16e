/** The views in the order of the navigation, with the key that leads there behind `g`. */
export const navigation: readonly { readonly view: string; readonly title: string; readonly key: string }[] =
  [
    { view: 'fleet', title: 'Fleet', key: 'f' },
    { view: 'machine', title: 'Machines', key: 'm' },
    { view: 'sequence', title: 'Sequence', key: 's' },
    { view: 'runs', title: 'Runs', key: 'r' },
    { view: 'calls', title: 'Calls', key: 'c' },
  ];
