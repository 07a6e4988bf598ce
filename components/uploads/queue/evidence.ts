/** How often a picture may go without an answer while the server answers others, until that counts as a fault of the picture. */
const MAX_UNANSWERED = 3;

/**
 * Tells a fault of one picture from one of the server: a fault is the picture's if others have succeeded since this picture's last
 * try. So an outage costs no picture a try, however long it lasts (UPLOADS I9), and a picture that a server always refuses does not
 * stop the others. Kept for as long as a tab sends.
 */
export interface Evidence<Fault> {
  /** A try begins. @returns a mark of that moment */
  begin(): number;
  /**
   * A picture was taken.
   * @returns the pictures that were refused while this one was being served, with their faults: those are to be charged now
   */
  succeeded(jobId: string, began: number): [jobId: string, fault: Fault][];
  /** Something answered, with or without success. */
  answered(): void;
  /** An answered fault. @returns whether it is the picture's own */
  refused(jobId: string, began: number): boolean;
  /** The last fault of a picture was not charged, but may be if another is being served meanwhile. */
  suspect(jobId: string, fault: Fault): void;
  /** A try without an answer. @returns whether that counts as the picture's own fault by now */
  unanswered(jobId: string, began: number): boolean;
  /** When its last fault was, so that others have their turn first; 0 without one. */
  lastFault(jobId: string): number;
  forget(jobId: string): void;
}

export function createEvidence<Fault>(): Evidence<Fault> {
  /** Counts what happens, in its order. */
  let moment = 0;
  let lastSuccess = 0;
  let lastAnswer = 0;
  const faults = new Map<string, number>();
  const notCharged = new Map<string, { at: number; fault: Fault }>();
  const silent = new Map<string, number>();

  function forget(jobId: string): void {
    faults.delete(jobId);
    notCharged.delete(jobId);
    silent.delete(jobId);
  }

  return {
    begin: () => (moment += 1),
    succeeded(jobId, began) {
      moment += 1;
      lastSuccess = moment;
      lastAnswer = moment;
      forget(jobId);
      const own = Array.from(notCharged).filter(([, { at }]) => at > began);
      for (const [other] of own) notCharged.delete(other);
      return own.map(([other, { fault }]) => [other, fault]);
    },
    answered() {
      moment += 1;
      lastAnswer = moment;
    },
    refused(jobId, began) {
      const isOwn = lastSuccess > (faults.get(jobId) ?? began);
      moment += 1;
      lastAnswer = moment;
      faults.set(jobId, moment);
      notCharged.delete(jobId);
      return isOwn;
    },
    suspect(jobId, fault) {
      notCharged.set(jobId, { at: moment, fault });
    },
    unanswered(jobId, began) {
      const count = (silent.get(jobId) ?? 0) + (lastAnswer > (faults.get(jobId) ?? began) ? 1 : 0);
      moment += 1;
      faults.set(jobId, moment);
      const isOwn = count >= MAX_UNANSWERED;
      silent.set(jobId, isOwn ? 0 : count);
      return isOwn;
    },
    lastFault: (jobId) => faults.get(jobId) ?? 0,
    forget,
  };
}
