/** How one service signs the URL of an object. */
export interface SignedUrls {
  service: string;
  /** The object, unsigned. */
  url: string;
  /** The queries of two signings. */
  signings: [string, string];
  /** Parameters that make another picture or another version of it. */
  others: string[];
  /** The same parameters where they do not show which service it is: at another host, or without the parameter that belongs to them. */
  words: string[];
}

const v4 = (prefix: string, at: string, more = '') =>
  `${prefix}Algorithm=A&${prefix}Credential=id%2F2026&${prefix}Date=2026010${at}T000000Z&${prefix}Expires=6${at}&${prefix}SignedHeaders=host&${more}${prefix}Signature=abc${at}`;
const amz = (at: string) =>
  v4('X-Amz-', at, `X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&X-Amz-Security-Token=t%2B${at}&x-amz-checksum-mode=ENABLED&`);

/** Two signings of each URL are one image. With another parameter that is sent to the origin, it is another image. */
export const SIGNED_URLS: SignedUrls[] = [
  {
    service: 'AWS, SigV4',
    url: 'https://photos.s3.eu-central-1.amazonaws.com/a/b.jpg',
    signings: [`${amz('1')}&x-id=GetObject`, `${amz('2')}&x-id=GetObject`],
    others: ['versionId=2', 'partNumber=1'],
    words: ['X-Amz-Date=1', 'x-id=GetObject', 'X-Amz-Expires=60&X-Amz-Signature='],
  },
  {
    service: 'AWS, S3 Express',
    url: 'https://fast--usw2-az1--x-s3.s3express-usw2-az1.us-west-2.amazonaws.com/a.jpg',
    signings: [`${amz('1')}&X-Amz-S3session-Token=a`, `${amz('2')}&X-Amz-S3session-Token=b`],
    others: ['partNumber=2'],
    words: ['X-Amz-S3session-Token=a'],
  },
  {
    service: 'Cloudflare R2',
    url: 'https://acct.r2.cloudflarestorage.com/photos/a.jpg',
    signings: [amz('1'), amz('2')],
    others: ['versionId=2', 'width=100'],
    words: ['X-Amz-Security-Token=t'],
  },
  {
    service: 'MinIO',
    url: 'http://localhost:9000/photos/a.jpg',
    signings: [amz('1'), amz('2').toLowerCase()],
    others: ['versionId=2', 'lambdaArn=resize', 'w'],
    words: ['X-Amz-Algorithm=A'],
  },
  {
    service: 'SigV2',
    url: 'http://localhost:9000/photos/a.jpg',
    signings: ['AWSAccessKeyId=A&Signature=x%2By%3D&Expires=1', 'AWSAccessKeyId=B&Expires=2&Signature=z'],
    others: ['versionId=2', 'policy=crop'],
    words: ['Signature=s&Expires=1', 'Expires=1'],
  },
  {
    service: 'CloudFront',
    url: 'https://d111.cloudfront.net/a.jpg',
    signings: ['Expires=1&Signature=s&Key-Pair-Id=K', 'Policy=p_&Signature=t~&Key-Pair-Id=K&Hash-Algorithm=SHA256'],
    others: ['width=100', 'token=1', 'format=webp'],
    words: ['Policy=p&Signature=s', 'Expires=1'],
  },
  {
    service: 'Google Cloud Storage, V4',
    url: 'https://storage.googleapis.com/photos/a.jpg',
    signings: [v4('X-Goog-', '1'), v4('X-Goog-', '2')],
    others: ['generation=2', 'userProject=p'],
    words: ['X-Goog-Date=1'],
  },
  {
    service: 'Google Cloud Storage, V2',
    url: 'https://storage.googleapis.com/photos/a.jpg',
    signings: ['GoogleAccessId=a%40b&Expires=1&Signature=s', 'GoogleAccessId=a%40b&Expires=2&Signature=t'],
    others: ['generation=2'],
    words: ['Expires=1&Signature=s'],
  },
  {
    service: 'Azure, service SAS',
    url: 'https://acct.blob.core.windows.net/photos/a.jpg',
    signings: [
      'sv=2024-08-04&se=1&sr=b&sp=r&sig=x%3D',
      'sv=2024-08-04&st=1&se=2&sr=c&sp=rl&spr=https&sip=1.1.1.1&sig=y',
    ],
    others: ['snapshot=1', 'versionid=2', 's=100'],
    words: ['sig=x', 'sv=1&se=2&sp=r'],
  },
  {
    service: 'Azure, user delegation SAS',
    url: 'https://acct.blob.core.windows.net/photos/a.jpg',
    signings: ['1', '2'].map(
      (at) => `skoid=o&sktid=t&skt=${at}&ske=${at}&sks=b&skv=v&sv=v&st=${at}&se=${at}&sr=b&sp=r&rscd=inline&sig=s${at}`,
    ) as [string, string], // of two
    others: ['versionid=2'],
    words: ['skoid=o&sktid=t'],
  },
  {
    service: 'Alibaba OSS, V1',
    url: 'https://photos.oss-cn-hangzhou.aliyuncs.com/a.jpg',
    signings: [
      'OSSAccessKeyId=A&Expires=1&Signature=s%2B&security-token=t',
      'OSSAccessKeyId=B&Expires=2&Signature=u&security-token=v',
    ],
    others: ['x-oss-process=image%2Fresize,w_100', 'x-oss-process=style/small', 'versionId=2'],
    words: ['security-token=t', 'Expires=1&Signature=s'],
  },
  {
    service: 'Alibaba OSS, V4',
    url: 'https://photos.oss-cn-hangzhou.aliyuncs.com/a.jpg',
    signings: ['1', '2'].map(
      (at) =>
        `x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-credential=A%2F${at}&x-oss-date=${at}&x-oss-expires=60&x-oss-additional-headers=host&x-oss-security-token=t${at}&x-oss-signature=${at}`,
    ) as [string, string], // of two
    others: ['x-oss-process=image/resize,w_100', 'x-oss-process=image/resize,w_200'],
    words: ['x-oss-date=1', 'x-oss-process=image/resize,w_100'],
  },
  {
    service: 'Huawei OBS',
    url: 'https://photos.obs.cn-north-4.myhuaweicloud.com/a.jpg',
    signings: [
      'AccessKeyId=A&Expires=1&Signature=s&x-obs-security-token=t',
      'AccessKeyId=B&Expires=2&Signature=u&x-obs-security-token=v',
    ],
    others: ['x-image-process=image/resize,w_100', 'versionId=2'],
    words: ['x-obs-security-token=t'],
  },
  {
    service: 'Tencent COS',
    url: 'https://photos-125.cos.ap-guangzhou.myqcloud.com/a.jpg',
    signings: ['1', '2'].map(
      (at) =>
        `q-sign-algorithm=sha1&q-ak=A&q-sign-time=${at};2&q-key-time=${at};2&q-header-list=host&q-url-param-list=&q-signature=${at}&x-cos-security-token=${at}`,
    ) as [string, string], // of two
    others: ['imageMogr2/thumbnail/!50p', 'imageMogr2/thumbnail/100x', 'imageView2/1/w/100', 'versionId=2'],
    words: ['q-ak=A', 'x-cos-security-token=1'],
  },
  {
    service: 'Volcengine TOS',
    url: 'https://photos.tos-cn-beijing.volces.com/a.jpg',
    signings: [v4('X-Tos-', '1', 'X-Tos-Security-Token=t&'), v4('X-Tos-', '2', 'X-Tos-Content-Sha256=U&')],
    others: ['x-tos-process=image/resize,w_100', 'versionId=2'],
    words: ['X-Tos-Date=1'],
  },
  {
    service: 'Supabase',
    url: 'https://x.supabase.co/storage/v1/object/sign/photos/a.jpg',
    signings: ['token=eyJ.a.b', 'token=eyJ.c.d'],
    others: ['width=100', 'download='],
    words: ['token=eyJ.a.b'],
  },
  {
    service: 'Firebase',
    url: 'https://firebasestorage.googleapis.com/v0/b/app.appspot.com/o/a%2Fb.jpg?alt=media',
    signings: ['token=1-2', 'token=3-4'],
    others: ['generation=2'],
    words: ['token=1-2', 'alt=media'],
  },
  {
    service: 'Bunny',
    url: 'https://zone.b-cdn.net/a.jpg',
    signings: ['token=a&expires=1', 'token=HS256-b&expires=2&token_path=%2F&token_countries=DE&limit=100'],
    others: ['width=100', 'class=small'],
    words: ['token=a&expires=1', 'limit=100'],
  },
  {
    service: 'Bunny, directory tokens at a host of the app',
    url: 'https://img.example.com/a.jpg',
    signings: ['token=HS256-a&expires=1&token_path=%2F', 'token=HS256-b&expires=2&token_path=%2F'],
    others: ['width=100', 'limit=2'],
    words: ['token_path=%2F'],
  },
  {
    service: 'imgix',
    url: 'https://team.imgix.net/a.jpg',
    signings: ['s=abc', 'expires=2&s=def'],
    others: ['w=100', 'h=100&fm=webp', 'auto=format'],
    words: ['s=abc', 'expires=2'],
  },
  {
    service: 'Contentful',
    url: 'https://images.secure.ctfassets.net/a.jpg',
    signings: ['policy=a&token=b', 'policy=c&token=d'],
    others: ['w=100', 'fm=webp'],
    words: ['policy=a&token=b'],
  },
  {
    service: 'Backblaze B2',
    url: 'https://f001.backblazeb2.com/file/photos/a.jpg',
    signings: ['Authorization=a', 'Authorization=b'],
    others: ['width=100'],
    words: ['Authorization=a'],
  },
  {
    service: 'Baidu BOS',
    url: 'https://photos.bj.bcebos.com/a.jpg',
    signings: ['authorization=bce-auth-v1%2Fa&x-bce-security-token=a', 'authorization=bce-auth-v1%2Fb'],
    others: ['x-bce-process=image/resize,w_100'],
    words: ['x-bce-security-token=a'],
  },
];

/** Appends a query to a URL that may have one already. */
export function withQuery(url: string, query: string): string {
  return `${url}${url.includes('?') ? '&' : '?'}${query}`;
}
