/** The types of React that the recipes use, by its documentation: the packages of the apps are not installed for every suite. */
declare module 'react' {
  /** https://react.dev/reference/react/useState */
  function useState<State>(initial: () => State): readonly [State, (next: State) => void];

  /** https://react.dev/reference/react/useSyncExternalStore */
  function useSyncExternalStore<Snapshot>(
    subscribe: (changed: () => void) => () => void,
    getSnapshot: () => Snapshot,
    getServerSnapshot?: () => Snapshot,
  ): Snapshot;
}
