import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import sirv from 'sirv';
import { build } from 'vite';
import { createS3Client } from '../../../demo/upload.ts';
import { photo } from '../../helpers/pictures.ts';
import { type Bench, newDirectory } from '../bench.ts';
import type { Upstream } from '../upstream.ts';

/** What the page's backend is asked to sign. */
interface ToSign {
  method: string;
  key: string;
  headers: Record<string, string>;
}

export interface Site {
  origin: string;
  /** Of the photographs, in bytes. */
  sizes: { small: number; large: number };
  close(): void;
}

/** The page as it would be published, with the photographs and with a backend that signs. */
export async function startSite(bench: Bench, { storage }: Upstream): Promise<Site> {
  const outDir = await newDirectory(bench);
  const root = fileURLToPath(new URL('page', import.meta.url));
  await build({ root, configFile: false, logLevel: 'error', build: { outDir, emptyOutDir: true } });
  const [small, large] = await Promise.all([
    photo(1980, 1320).jpeg().toBuffer(),
    photo(4032, 3024).jpeg({ quality: 96 }).toBuffer(),
  ]);
  const pictures: Record<string, Buffer> = { '/small.jpg': small, '/large.jpg': large };
  const s3 = createS3Client(storage);

  function sign({ method, key, headers }: ToSign): Promise<string> {
    const object = { Bucket: storage.bucket, Key: key };
    const names = new Set(Object.keys(headers));
    const options = { expiresIn: 600, unhoistableHeaders: names, signableHeaders: names };
    if (method === 'HEAD')
      return getSignedUrl(s3, new HeadObjectCommand({ ...object, ChecksumMode: 'ENABLED' }), options);
    const put = {
      ...object,
      ContentType: headers['content-type'],
      ChecksumSHA256: headers['x-amz-checksum-sha256'],
      IfNoneMatch: headers['if-none-match'],
    };
    return getSignedUrl(s3, new PutObjectCommand(put), options);
  }

  const files = sirv(outDir);
  const server = createServer((request, response) => {
    const { url = '' } = request;
    const picture = pictures[url];
    if (picture !== undefined) return void response.end(picture);
    if (url !== '/sign') return files(request, response);
    void text(request)
      .then((body) => sign(JSON.parse(body) as ToSign)) // the page of this bench sends it
      .then(
        (signed) => response.end(JSON.stringify({ url: signed })),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`, // it listens on TCP
    sizes: { small: small.length, large: large.length },
    close() {
      server.closeAllConnections();
      server.close();
      s3.destroy();
    },
  };
}
