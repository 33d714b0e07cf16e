/**
 * Which of Berty's daemons it serves as, by the name of their service of groups: the later one, which serves the earlier
 * name too, or the one up to v2.434.7 alone, which takes files.
 */
export const daemonDialects = ['weshnet.protocol.v1', 'berty.protocol.v1'] as const;
export type DaemonDialect = (typeof daemonDialects)[number];
