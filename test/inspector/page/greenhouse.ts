import { assign, setup } from 'xstate';

/** A machine of which the page knows nothing: states in states, two regions at once, a guard, a delay and an end. */
export const greenhouse = setup({
  types: {
    context: {} as { watered: number; panes: { open: number; dirty: number } },
    events: {} as
      | { type: 'SUN' }
      | { type: 'RAIN'; litres: number }
      | { type: 'NIGHT' }
      | { type: 'DEMOLISH' },
  },
  actions: {
    water: assign(({ context }) => ({ watered: context.watered + 1 })),
    openPane: assign(({ context }) => ({ panes: { ...context.panes, open: context.panes.open + 1 } })),
  },
  guards: { isDry: ({ context }) => context.watered < 3 },
  delays: { dew: 600_000 },
}).createMachine({
  id: 'greenhouse',
  description: 'Grows what grows.',
  context: { watered: 0, panes: { open: 0, dirty: 4 } },
  initial: 'tended',
  states: {
    tended: {
      description: 'Somebody looks after it.',
      type: 'parallel',
      states: {
        roof: {
          initial: 'shut',
          states: {
            shut: { on: { SUN: { target: 'ajar', actions: 'openPane' } } },
            ajar: { tags: ['warn'], on: { NIGHT: 'shut' } },
          },
        },
        soil: {
          initial: 'dry',
          states: {
            dry: { on: { RAIN: { target: 'moist', guard: 'isDry', actions: 'water' } } },
            moist: {
              tags: ['good'],
              on: { RAIN: { actions: 'water' } },
              after: { dew: 'dry' },
            },
          },
        },
      },
      on: {
        DEMOLISH: {
          target: 'gone',
          description: 'It is taken down.',
          meta: { operator: { title: 'demolish', effect: 'Nothing is left of it.', grave: true } },
        },
      },
    },
    gone: { type: 'final', description: 'A meadow.' },
  },
});
