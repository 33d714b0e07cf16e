/**
 * Environment variable that all processes have which a run has started for itself, with the id of that run's world. Whoever
 * ends the world finds them by it, so that what is started with an environment of its own has to pass it on.
 */
export const worldMark = 'POSTERN_WORLD';
