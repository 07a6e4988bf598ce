// @vitest-environment node
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StoredJob } from '../../../components/uploads/queue/storedJob.ts';
import { pngBytes } from './pictures.ts';
import { step, World } from './world.ts';

/** More of them by `MODEL_RUNS=1000`. */
const RUNS = Number(process.env['MODEL_RUNS'] ?? 50);

test.each([
  ['Web Locks', 'immediate', true],
  ['leases', 'after-entity', false],
] as const)(
  'random interleavings with %s, and the link step %s: after quiescence every invariant holds',
  { timeout: 20_000 + RUNS * 1_000 },
  async (_, gate, isSecure) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        const world = new World(isSecure, gate);
        const { browser, bucket, promised, app } = world;
        for (const each of steps) await world.run(each);
        const last = await world.quiesce();

        const jobs = new Map(((await browser.rows('jobs')) as StoredJob[]).map((job) => [job.jobId, job]));
        // I1, I2, I7: what was called saved is in the bucket, or was canceled.
        for (const jobId of promised.saved) {
          const job = jobs.get(jobId);
          // The row of one that was stored is forgotten after a week, which a jump of the clock may bring.
          if (!job) continue;
          expect(job.state).toBe(
            promised.canceled.has(jobId) ? 'canceled' : job.state === 'canceled' ? 'canceled' : 'stored',
          );
          if (job.state === 'stored') expect([...bucket.objects.values()]).toContain(job.body?.sha256);
        }
        // I6: a cancellation wins over whatever came later.
        for (const jobId of promised.canceled) expect(jobs.get(jobId)?.state ?? 'canceled').toBe('canceled');
        // I6: so does a removal: no entity uses what it is to have no more; what was added after it is there.
        for (const [reference, wish] of world.wishes) {
          if (wish !== 'unknown')
            expect([reference, bucket.references.has(reference)]).toEqual([reference, wish === 'has']);
        }
        expect(await browser.rows('tombstones')).toEqual([]);
        // I5: the app was told of each picture of an entity, after the bucket had it, and of nothing with an empty field.
        expect(app.complaints).toEqual([]);
        for (const job of jobs.values()) {
          if (job.state === 'stored' && job.entity) expect(app.told.has(job.jobId)).toBe(true);
        }
        // I3, I4, I8, I12: the bucket is strict about digests, keys, privacy and what is sent at a time; each object was made once.
        // Without Web Locks, a clock that is set forward ends a lease early, and two tabs send for a moment.
        const complaints = bucket.complaints.filter((text) => isSecure || !text.includes('twice at a time'));
        expect(complaints).toEqual([]);
        expect([...bucket.writes.values()].every((times) => times === 1)).toBe(true);
        // I9: nobody was charged more than the tries there are.
        expect(Math.max(0, ...Array.from(jobs.values(), ({ attempts }) => attempts))).toBeLessThanOrEqual(6);
        // I7, I13: bytes are kept for nothing that is over.
        expect(await browser.rows('bytes')).toEqual([]);
        expect(last.uploads.status().bytesPending).toBe(0);
        // The tab shows what is on the disk.
        expect(
          last.uploads
            .list()
            .map(({ jobId }) => jobId)
            .toSorted(),
        ).toEqual([...jobs.keys()].toSorted());
      }),
      { numRuns: RUNS },
    );
  },
);

test('the pictures of the model are distinct', () => expect(pngBytes(1)).not.toEqual(pngBytes(2)));
