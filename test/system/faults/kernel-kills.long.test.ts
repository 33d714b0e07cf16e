import { kernelKills } from './kernel-kills.js';

kernelKills(
  (['peers', 'rate', 'interface'] as const).flatMap((kind) =>
    (['agent', 'guardian', 'both', 'everything'] as const).map((whom) => [kind, whom] as const),
  ),
);
