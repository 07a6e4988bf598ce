'use client';

import { type ComponentPropsWithRef, forwardRef } from 'react';
import type { UploadsStatus } from '../imageUploads.ts';
import { uploadErrorText } from '../uploadErrorText.ts';
import { useUploadStatus } from './useUploadStatus.ts';

export interface UploadBadgeProps extends Omit<ComponentPropsWithRef<'output'>, 'children'> {
  /** What it says, for other languages. @default English */
  text?(status: UploadsStatus): string;
}

/**
 * How many pictures are not uploaded yet, as a number with a name; empty when there are none. `data-status` is `idle`, `busy`, `offline`,
 * `unreachable`, `blocked` or `failed`.
 * @example <UploadBadge className="badge" />
 */
export const UploadBadge = forwardRef<HTMLOutputElement, UploadBadgeProps>(function UploadBadge(
  { text = inEnglish, ...attributes },
  ref,
) {
  const status = useUploadStatus();
  const waiting = waitingOf(status);
  const title = waiting === 0 ? undefined : text(status);
  return (
    <output {...attributes} ref={ref} data-status={summaryOf(status)} title={title} aria-label={title}>
      {waiting === 0 ? '' : waiting}
    </output>
  );
});

function waitingOf({ counts }: UploadsStatus): number {
  const { saving, pending, uploading, processing, failed, blocked, paused } = counts;
  return saving + pending + uploading + processing + failed + blocked + paused;
}

function summaryOf(status: UploadsStatus): string {
  if (waitingOf(status) === 0) return 'idle';
  if (status.blocked || status.network === 'blocked' || status.counts.blocked > 0) return 'blocked';
  if (status.counts.failed > 0) return 'failed';
  return status.network === 'online' ? 'busy' : status.network;
}

function inEnglish(status: UploadsStatus): string {
  const waiting = waitingOf(status);
  const pictures = waiting === 1 ? '1 picture is' : `${waiting} pictures are`;
  const reason = status.blocked ? `. ${uploadErrorText(status.blocked, 'blocked')}` : '';
  return `${pictures} not uploaded yet${reason}`;
}
