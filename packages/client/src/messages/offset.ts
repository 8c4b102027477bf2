/** A position in the log of a partition. Branded where we return it; where we take one, a plain number will do. */
export type Offset = number & { readonly unit: 'offset' }
