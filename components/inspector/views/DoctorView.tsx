export function DoctorView() {
  return <h1>Doctor</h1>;
}
