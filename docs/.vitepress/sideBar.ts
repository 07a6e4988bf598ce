/** All pages, in the order in which they are read. */
export const sideBar = [
  {
    text: 'Start',
    items: [
      { text: 'Overview', link: '/' },
      { text: 'Cookbook', link: '/docs/cookbook' },
      { text: 'React', link: '/docs/react' },
      { text: 'Uploads', link: '/docs/uploads' },
      { text: 'Inspector', link: '/docs/inspector' },
      { text: 'Packs', link: '/docs/packs' },
      { text: 'Simulation', link: '/docs/simulation' },
      { text: 'Offline pages', link: '/docs/offline' },
      { text: 'In production', link: '/docs/production' },
      { text: 'nginx and CDNs', link: '/docs/cdn' },
    ],
  },
  {
    text: 'Reference',
    items: [
      { text: 'Options', link: '/docs/options' },
      { text: 'API', link: '/docs/api' },
      { text: 'HTTP API', link: '/docs/http' },
      { text: 'Command line', link: '/docs/cli' },
      { text: 'Compatibility', link: '/docs/compatibility' },
    ],
  },
  {
    text: 'How far to trust it',
    items: [
      { text: 'Security', link: '/docs/security' },
      { text: 'Reliability', link: '/docs/reliability' },
      { text: 'Performance', link: '/docs/performance' },
    ],
  },
  {
    text: 'Work on it',
    items: [
      { text: 'Architecture', link: '/docs/architecture' },
      { text: 'Contributing', link: '/CONTRIBUTING' },
      { text: 'Report a vulnerability', link: '/SECURITY' },
      { text: 'Changelog', link: '/CHANGELOG' },
    ],
  },
];
