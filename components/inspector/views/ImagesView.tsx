export function ImagesView() {
  return <h1>Images</h1>;
}
