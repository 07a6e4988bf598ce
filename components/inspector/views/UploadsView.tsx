export function UploadsView() {
  return <h1>Uploads</h1>;
}
