/** Mechanisms that the cluster keeps users for. */
export const MECHANISMS = ['scram-sha-256', 'scram-sha-512'] as const
export type Mechanism = (typeof MECHANISMS)[number]
