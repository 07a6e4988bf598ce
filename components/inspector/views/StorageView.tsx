export function StorageView() {
  return <h1>Storage</h1>;
}
