export { prepare } from './prepare.ts';
export type { Prepared, PrepareBlocked, PreparedImage, PrepareOptions, PrepareWarning } from './prepare.ts';
export { isCut } from './isCut.ts';
export { reencode, type Reencoded, type ReencodeOptions } from './reencode.ts';
export type { Strip } from './rebuildExif.ts';
export { sha256Hex } from './sha256Hex.ts';
export { type Family, sniff, type Sniffed } from './sniff.ts';
export { stripPrivate, type Stripped } from './stripPrivate.ts';
